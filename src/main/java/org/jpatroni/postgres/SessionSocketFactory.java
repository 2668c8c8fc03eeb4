package org.jpatroni.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Properties;
import javax.net.SocketFactory;

/** What pgjdbc makes its sockets with; public because pgjdbc finds it by name. */
public final class SessionSocketFactory extends SocketFactory {

    private final ConnectionAttempt attempt;

    /** The constructor that pgjdbc looks for. */
    public SessionSocketFactory(Properties unused) {
        this.attempt = ConnectionAttempt.current();
    }

    @Override
    public Socket createSocket() throws IOException {
        return attempt.newSocket();
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        throw notConnected();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        throw notConnected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        throw notConnected();
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        throw notConnected();
    }

    private static IOException notConnected() {
        return new IOException("only unconnected sockets are made here");
    }
}
