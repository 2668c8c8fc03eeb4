import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A load of GET requests from one thread on a selector, with one connection per request or with keep-alive. It counts what usual tools cannot:
 * answers of HTTP/1.0 servers that carry no length and end with the connection.
 */
final class HttpLoad {

    /** What a second of load gave. */
    record Result(int answers, int errors, double seconds, double p50Millis, double p99Millis) {
        double perSecond() {
            return answers / seconds;
        }
    }

    /** Sees every answer, on the thread of the load. */
    interface Witness {
        /** @param status 0 when the connection ended without an answer, {@link HttpLoad#CUT_OFF} when the measurement did */
        void saw(long begunNanos, long endedNanos, int status);
    }

    static final int CUT_OFF = -1;

    private static final byte[] LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);

    private final InetSocketAddress address;
    private final byte[] request;
    private final boolean keepAlive;
    private final Witness witness;
    private final long[] latencies = new long[2_000_000];
    private int answers;
    private int errors;

    HttpLoad(int port, String path, boolean keepAlive) {
        this(port, path, keepAlive, (begun, ended, status) -> {
        });
    }

    HttpLoad(int port, String path, boolean keepAlive, Witness witness) {
        this.witness = witness;
        this.address = new InetSocketAddress("127.0.0.1", port);
        this.keepAlive = keepAlive;
        this.request = ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + (keepAlive ? "" : "Connection: close\r\n")
                + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    private static final class Call {
        final ByteBuffer in = ByteBuffer.allocate(16384);
        long begun;
        int total = -1;
    }

    Result run(int connections, double seconds) throws IOException {
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < connections; i++) {
                connect(selector, new Call());
            }
            while (System.nanoTime() < end) {
                selector.select(50);
                var ready = selector.selectedKeys().iterator();
                while (ready.hasNext()) {
                    SelectionKey key = ready.next();
                    ready.remove();
                    try {
                        step(selector, key);
                    } catch (IOException failure) {
                        errors++;
                        witness.saw(((Call) key.attachment()).begun, System.nanoTime(), 0);
                        key.channel().close();
                        connect(selector, new Call());
                    }
                }
            }
            for (SelectionKey key : selector.keys()) {
                witness.saw(((Call) key.attachment()).begun, System.nanoTime(), CUT_OFF);
                key.channel().close();
            }
        }
        double took = (System.nanoTime() - start) / 1e9;
        int counted = Math.min(answers, latencies.length);
        Arrays.sort(latencies, 0, counted);
        return new Result(answers, errors, took, counted == 0 ? -1 : latencies[counted / 2] / 1e6,
                counted == 0 ? -1 : latencies[(int) (counted * 0.99)] / 1e6);
    }

    private void connect(Selector selector, Call call) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        call.begun = System.nanoTime();
        call.in.clear();
        call.total = -1;
        boolean connected = channel.connect(address);
        SelectionKey key = channel.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, call);
        if (connected) {
            send(channel, key);
        }
    }

    private void send(SocketChannel channel, SelectionKey key) throws IOException {
        channel.write(ByteBuffer.wrap(request));
        key.interestOps(SelectionKey.OP_READ);
    }

    private void step(Selector selector, SelectionKey key) throws IOException {
        SocketChannel channel = (SocketChannel) key.channel();
        Call call = (Call) key.attachment();
        if (key.isConnectable()) {
            channel.finishConnect();
            send(channel, key);
            return;
        }
        int read = channel.read(call.in);
        if (read < 0) {
            finish(call);
            channel.close();
            connect(selector, call);
            return;
        }
        if (keepAlive && isWhole(call)) {
            finish(call);
            call.begun = System.nanoTime();
            call.in.clear();
            call.total = -1;
            send(channel, key);
        }
    }

    private void finish(Call call) {
        long now = System.nanoTime();
        int status = call.in.position() > 12 ? Integer.parseInt(new String(call.in.array(), 9, 3, StandardCharsets.US_ASCII)) : 0;
        witness.saw(call.begun, now, status);
        if (status / 100 != 2) {
            errors++;
            return;
        }
        if (answers < latencies.length) {
            latencies[answers] = now - call.begun;
        }
        answers++;
    }

    /** Whether head and body have come; the length is looked for once. */
    private static boolean isWhole(Call call) {
        byte[] bytes = call.in.array();
        int size = call.in.position();
        if (call.total < 0) {
            for (int i = 0; i + 3 < size; i++) {
                if (bytes[i] == '\r' && bytes[i + 1] == '\n' && bytes[i + 2] == '\r' && bytes[i + 3] == '\n') {
                    call.total = i + 4 + length(bytes, i);
                    break;
                }
            }
        }
        return call.total >= 0 && size >= call.total;
    }

    private static int length(byte[] head, int end) {
        for (int i = 0; i + LENGTH.length < end; i++) {
            if (head[i] == '\n') {
                int j = 0;
                while (j < LENGTH.length && (head[i + 1 + j] | 0x20) == (LENGTH[j] | 0x20)) {
                    j++;
                }
                if (j == LENGTH.length) {
                    int value = 0;
                    for (int k = i + 1 + j; k < end && head[k] != '\r'; k++) {
                        if (head[k] >= '0' && head[k] <= '9') {
                            value = value * 10 + head[k] - '0';
                        }
                    }
                    return value;
                }
            }
        }
        return 0;
    }
}
