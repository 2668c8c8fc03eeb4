package org.jpatroni.postgres;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The few system calls that the JDK does not offer: signals, and waiting for the end of a process that need not be a child. A pidfd names
 * one process for ever, so that a signal never hits a later process with the same number.
 */
@SuppressWarnings("restricted")
final class Posix {

    static final int SIGHUP = 1;
    static final int SIGINT = 2;
    static final int SIGQUIT = 3;
    static final int SIGKILL = 9;
    static final int SIGUSR1 = 10;
    static final int SIGTERM = 15;

    private static final long SYS_PIDFD_SEND_SIGNAL = 424;
    private static final long SYS_PIDFD_OPEN = 434;
    private static final short POLLIN = 1;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout POLLFD = MemoryLayout.structLayout(JAVA_INT, JAVA_SHORT, JAVA_SHORT);

    private static final MethodHandle SYSCALL = LINKER.downcallHandle(find("syscall"),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
    private static final MethodHandle POLL = LINKER.downcallHandle(find("poll"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle KILL = LINKER.downcallHandle(find("kill"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle CLOSE = LINKER.downcallHandle(find("close"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private Posix() {
    }

    private static MemorySegment find(String function) {
        return LINKER.defaultLookup().findOrThrow(function);
    }

    /** A file descriptor for the process; -1 when it is gone or the kernel is older than 5.3. */
    static int pidfdOpen(long pid) {
        try {
            return (int) (long) SYSCALL.invokeExact(SYS_PIDFD_OPEN, pid, 0L, 0L, 0L);
        } catch (Throwable impossible) {
            throw new IllegalStateException("pidfd_open", impossible);
        }
    }

    /** Whether the signal was sent. */
    static boolean pidfdSendSignal(int pidfd, int signal) {
        try {
            return (long) SYSCALL.invokeExact(SYS_PIDFD_SEND_SIGNAL, (long) pidfd, (long) signal, 0L, 0L) == 0;
        } catch (Throwable impossible) {
            throw new IllegalStateException("pidfd_send_signal", impossible);
        }
    }

    /**
     * Waits until the process of the pidfd has ended (a zombie has). Blocks in native code, so that it must not be called on a virtual
     * thread with a long limit.
     *
     * @return whether it has ended
     */
    static boolean awaitExit(int pidfd, int limitMillis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(POLLFD);
            request.set(JAVA_INT, 0, pidfd);
            request.set(JAVA_SHORT, 4, POLLIN);
            int ready = (int) POLL.invokeExact(request, 1L, limitMillis);
            return ready > 0;
        } catch (Throwable impossible) {
            throw new IllegalStateException("poll", impossible);
        }
    }

    /** Sends a signal to a process, or to a process group when {@code pid} is negative; false when nobody is there or it is refused. */
    static boolean kill(long pid, int signal) {
        try {
            return (int) KILL.invokeExact((int) pid, signal) == 0;
        } catch (Throwable impossible) {
            throw new IllegalStateException("kill", impossible);
        }
    }

    static void close(int fileDescriptor) {
        try {
            int ignored = (int) CLOSE.invokeExact(fileDescriptor);
        } catch (Throwable impossible) {
            throw new IllegalStateException("close", impossible);
        }
    }
}
