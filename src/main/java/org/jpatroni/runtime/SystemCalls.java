package org.jpatroni.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/**
 * Linux system calls on file descriptors that the JDK has no words for: devices that are spoken to with {@code ioctl}, and datagram sockets in
 * the file system. Every descriptor is closed in child processes. Loaded only where one of them is used.
 */
@SuppressWarnings("restricted")
public final class SystemCalls {

    private static final int O_WRONLY = 1;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int MSG_NOSIGNAL = 0x4000;

    /** {@code struct sockaddr_un}: two bytes of family, then the path. */
    private static final int PATH_OFFSET = 2;
    private static final int PATH_MAX_BYTES = 108;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option KEEPS_ERRNO = Linker.Option.captureCallState("errno");

    private static final MethodHandle OPEN = handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
            KEEPS_ERRNO);
    private static final MethodHandle WRITE = handle("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), KEEPS_ERRNO);
    private static final MethodHandle IOCTL = handle("ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), KEEPS_ERRNO,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle SOCKET = handle("socket",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), KEEPS_ERRNO);
    private static final MethodHandle SENDTO = handle("sendto",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT), KEEPS_ERRNO);
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), KEEPS_ERRNO);
    private static final MethodHandle STRERROR = handle("strerror", FunctionDescriptor.of(ADDRESS, JAVA_INT));

    private SystemCalls() {
    }

    private interface Call {
        long with(Arena arena, MemorySegment state) throws Throwable;
    }

    private static MethodHandle handle(String function, FunctionDescriptor types, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), types, options);
    }

    /** Opens an existing file for writing and never waits: a pipe that nobody reads is refused. */
    public static int openForWriting(String path) throws IOException {
        return (int) call(path, (arena, state) -> (int) OPEN.invokeExact(state, arena.allocateFrom(path),
                O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    }

    /** Writes all of it. */
    public static void write(int fileDescriptor, byte[] bytes) throws IOException {
        int done = 0;
        while (done < bytes.length) {
            int from = done;
            done += (int) call("write", (arena, state) -> {
                MemorySegment rest = arena.allocateFrom(JAVA_BYTE,
                        java.util.Arrays.copyOfRange(bytes, from, bytes.length));
                return (long) WRITE.invokeExact(state, fileDescriptor, rest, rest.byteSize());
            });
        }
    }

    /** {@code ioctl} with a piece of memory that the driver reads, writes, or both. */
    public static void ioctl(int fileDescriptor, long request, byte[] memory) throws IOException {
        call("ioctl", (arena, state) -> {
            MemorySegment shared = arena.allocateFrom(JAVA_BYTE, memory);
            int result = (int) IOCTL.invokeExact(state, fileDescriptor, request, shared);
            MemorySegment.copy(shared, JAVA_BYTE, 0, memory, 0, memory.length);
            return result;
        });
    }

    public static void close(int fileDescriptor) throws IOException {
        call("close", (arena, state) -> (int) CLOSE.invokeExact(state, fileDescriptor));
    }

    /**
     * Sends one datagram to a Unix socket and does not wait.
     *
     * @param address a path, or a name in the abstract name space that begins with {@code @}
     */
    public static void sendDatagram(String address, byte[] message) throws IOException {
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = address.startsWith("@");
        if (path.length >= PATH_MAX_BYTES) {
            throw new IOException(address + ": longer than the address of a socket may be");
        }
        int socket = (int) call("socket", (arena, state) -> (int) SOCKET.invokeExact(state, AF_UNIX,
                SOCK_DGRAM | O_NONBLOCK | O_CLOEXEC, 0));
        try {
            call(address, (arena, state) -> {
                MemorySegment to = arena.allocate(PATH_OFFSET + PATH_MAX_BYTES);
                to.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
                MemorySegment.copy(path, 0, to, JAVA_BYTE, PATH_OFFSET, path.length);
                if (isAbstract) {
                    to.set(JAVA_BYTE, PATH_OFFSET, (byte) 0);
                }
                // An abstract name is as long as it is said to be; a path ends with a zero byte.
                int length = PATH_OFFSET + path.length + (isAbstract ? 0 : 1);
                MemorySegment text = arena.allocateFrom(JAVA_BYTE, message);
                return (long) SENDTO.invokeExact(state, socket, text, text.byteSize(), MSG_NOSIGNAL, to, length);
            });
        } finally {
            close(socket);
        }
    }

    private static long call(String what, Call call) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long result = call.with(arena, state);
            if (result < 0) {
                throw new IOException(what + ": " + text((int) ERRNO.get(state, 0L)));
            }
            return result;
        } catch (IOException refused) {
            throw refused;
        } catch (Throwable impossible) {
            throw new IllegalStateException(what, impossible);
        }
    }

    private static String text(int errno) throws Throwable {
        MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
        return text.reinterpret(Integer.MAX_VALUE).getString(0);
    }
}
