package org.jpatroni.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;

/** What pgjdbc turns a socket into a TLS socket with; public because pgjdbc finds it by name. */
public final class TlsSocketFactory extends SSLSocketFactory {

    private final SSLSocketFactory delegate;

    /**
     * The constructor that pgjdbc looks for.
     *
     * @throws IOException when a file cannot be read; the message names it
     * @throws GeneralSecurityException when a file does not hold what it should
     */
    public TlsSocketFactory(Properties unused) throws IOException, GeneralSecurityException {
        SSLContext context = TlsMaterial.context(ConnectionAttempt.current().tls());
        this.delegate = context.getSocketFactory();
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        return delegate.createSocket(socket, host, port, autoClose);
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return delegate.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return delegate.getSupportedCipherSuites();
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        throw onlyLayered();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        throw onlyLayered();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        throw onlyLayered();
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        throw onlyLayered();
    }

    private static IOException onlyLayered() {
        return new IOException("TLS goes over a socket that is connected already");
    }
}
