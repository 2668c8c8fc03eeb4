package org.jpatroni.app;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;

/** The receiving end of systemd's notifications: a Unix datagram socket, which Java does not have. */
@SuppressWarnings("restricted")
public final class DatagramSocketFile implements AutoCloseable {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SOCKET = handle("socket",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = handle("bind",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle RECV = handle("recv",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final int UNIX = 1;
    private static final int DATAGRAM = 2;
    private static final int DO_NOT_WAIT = 0x40;

    private final String address;
    private final int socket;

    /** @param address a path, or an abstract name that begins with {@code @} */
    public DatagramSocketFile(String address) throws Throwable {
        this.address = address;
        this.socket = (int) SOCKET.invokeExact(UNIX, DATAGRAM, 0);
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(110);
            name.set(JAVA_SHORT, 0, (short) UNIX);
            MemorySegment.copy(path, 0, name, JAVA_BYTE, 2, path.length);
            boolean isAbstract = address.startsWith("@");
            if (isAbstract) {
                name.set(JAVA_BYTE, 2, (byte) 0);
            }
            int bound = (int) BIND.invokeExact(socket, name, 2 + path.length + (isAbstract ? 0 : 1));
            if (bound != 0) {
                throw new IllegalStateException("cannot bind " + address);
            }
        }
    }

    private static MethodHandle handle(String function, FunctionDescriptor types) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), types);
    }

    public String address() {
        return address;
    }

    /** What waits there now. */
    public Optional<String> poll() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(4096);
            long length = (long) RECV.invokeExact(socket, buffer, 4096L, DO_NOT_WAIT);
            return length < 0
                    ? Optional.empty()
                    : Optional.of(new String(buffer.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8));
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The next message that begins so; others before it are passed over. */
    public String await(String beginning) {
        String message = await();
        while (!message.startsWith(beginning)) {
            message = await();
        }
        return message;
    }

    /** The next message. */
    public String await() {
        AtomicReference<Optional<String>> message = new AtomicReference<>(Optional.empty());
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5)).until(() -> {
            message.set(poll());
            return message.get().isPresent();
        });
        return message.get().orElseThrow();
    }

    @Override
    public void close() throws Exception {
        try {
            int ignored = (int) CLOSE.invokeExact(socket);
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
