package org.jpatroni.dcs.zookeeper;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.jpatroni.config.HostPort;
import org.jpatroni.runtime.Tasks;

/** A way to a server that can be blocked: requests arrive and answers do not, or nothing goes through. */
final class Gate implements AutoCloseable {

    private final int serverPort;
    private final ServerSocket listener;
    private final ConcurrentLinkedQueue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private volatile boolean holding;

    Gate(int serverPort) throws IOException {
        this.serverPort = serverPort;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var _ = Tasks.system().start("gate", () -> {
            while (true) {
                connect(listener.accept());
            }
        });
    }

    ZooKeeperAccess access() {
        return new ZooKeeperAccess(List.of(new HostPort("127.0.0.1", listener.getLocalPort())), true, 1000,
                new ZKClientConfig(),
                new TreeMap<>(), ZooDefs.Ids.OPEN_ACL_UNSAFE, ZooKeeperAccess.NOTHING_BEFORE, "gate");
    }

    void holdAnswers() {
        holding = true;
    }

    /** Lets answers of new connections through; what was held is lost. */
    void open() {
        cut();
        holding = false;
    }

    private void cut() {
        for (Socket each : List.copyOf(sockets)) {
            sockets.remove(each);
            try (Socket socket = each) {
                if (!socket.isClosed()) {
                    socket.setSoLinger(true, 0);
                }
            } catch (IOException gone) {
                throw new UncheckedIOException(gone);
            }
        }
    }

    private void connect(Socket client) throws IOException {
        Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        sockets.add(client);
        sockets.add(server);
        var _ = Tasks.system().start("gate-requests", () -> copy(client, server, false));
        var _ = Tasks.system().start("gate-answers", () -> copy(server, client, true));
    }

    private boolean copy(Socket from, Socket to, boolean answers) throws IOException {
        try (from; to; InputStream input = from.getInputStream(); OutputStream output = to.getOutputStream()) {
            byte[] buffer = new byte[65_536];
            for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                if (!answers || !holding) {
                    output.write(buffer, 0, count);
                    output.flush();
                }
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cut();
    }
}
