package org.jpatroni.dcs.etcd;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;

/** A port that passes everything on to another one, as long as it is told to. */
final class Relay implements AutoCloseable {

    /** What passes. */
    enum Mode {
        OPEN,
        /** Requests arrive, answers do not. */
        NO_ANSWERS,
        /** Nothing arrives, but the connection stands. */
        NOTHING,
        /** Requests arrive when the mode changes, though the client may be gone by then. */
        LATE
    }

    private final int targetPort;
    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final AtomicInteger late = new AtomicInteger();
    private volatile Mode mode = Mode.OPEN;

    Relay(String targetUrl) {
        targetPort = Integer.parseInt(targetUrl.substring(targetUrl.lastIndexOf(':') + 1));
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Tasks.system().start("relay", () -> {
            while (true) {
                connect(listener.accept());
            }
        });
    }

    String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    void set(Mode newMode) {
        mode = newMode;
    }

    /** How many pieces arrived late. */
    int passedLate() {
        return late.get();
    }

    /** Cuts all connections that stand. */
    void cut() {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        sockets.clear();
    }

    private void connect(Socket client) throws IOException {
        Socket server;
        try {
            server = new Socket(InetAddress.getLoopbackAddress(), targetPort);
        } catch (ConnectException down) {
            client.close();
            return;
        }
        sockets.addAll(List.of(client, server));
        pump(client, server, false);
        pump(server, client, true);
    }

    private void pump(Socket from, Socket to, boolean isAnswer) {
        Tasks.system().start("relay-pump", () -> {
            byte[] buffer = new byte[8192];
            boolean wasLate = false;
            try (from) {
                InputStream input = from.getInputStream();
                OutputStream output = to.getOutputStream();
                for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
                    while (mode == Mode.LATE && !isAnswer) {
                        wasLate = true;
                        Time.system().sleep(Duration.ofMillis(10));
                    }
                    if (mode == Mode.OPEN || mode == Mode.NO_ANSWERS && !isAnswer) {
                        output.write(buffer, 0, read);
                        late.addAndGet(wasLate ? 1 : 0);
                    }
                }
            }
            if (!wasLate) {
                // A server that sees its client go may drop what it has not begun yet.
                to.close();
            }
            return true;
        });
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cut();
    }
}
