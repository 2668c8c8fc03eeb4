package org.jpatroni.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A Unix socket as pgjdbc wants it: a {@link Socket} over a channel of the JDK. The channel stays in blocking mode, so a write to a full
 * buffer and a read from an empty one park the (virtual) thread instead of spinning; whoever wants a deadline closes the socket from
 * another thread, which ends either of them at once.
 */
final class UnixSocket extends Socket {

    private final Path path;
    private final SocketChannel channel;
    private final InputStream input = new ChannelInput();
    private final OutputStream output = new ChannelOutput();
    private volatile int readLimitMillis;

    UnixSocket(Path path) throws IOException {
        this.path = path;
        this.channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    }

    /** Connects; the time limit is the caller's to enforce by closing. A full backlog blocks. */
    void connect() throws IOException {
        channel.connect(UnixDomainSocketAddress.of(path));
    }

    @Override
    public void connect(SocketAddress ignored) throws IOException {
        connect();
    }

    @Override
    public void connect(SocketAddress ignored, int timeoutMillis) throws IOException {
        connect();
    }

    @Override
    public InputStream getInputStream() {
        return input;
    }

    @Override
    public OutputStream getOutputStream() {
        return output;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }

    @Override
    public boolean isConnected() {
        return channel.isConnected();
    }

    @Override
    public boolean isBound() {
        return channel.isConnected();
    }

    @Override
    public boolean isInputShutdown() {
        return !channel.isOpen();
    }

    @Override
    public boolean isOutputShutdown() {
        return !channel.isOpen();
    }

    @Override
    public InetAddress getInetAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public SocketAddress getRemoteSocketAddress() {
        return UnixDomainSocketAddress.of(path);
    }

    @Override
    public void setSoTimeout(int timeoutMillis) throws SocketException {
        readLimitMillis = timeoutMillis;
    }

    @Override
    public int getSoTimeout() {
        return readLimitMillis;
    }

    @Override
    public void setTcpNoDelay(boolean on) {
        // A Unix socket never waits for more.
    }

    @Override
    public boolean getTcpNoDelay() {
        return true;
    }

    @Override
    public void setKeepAlive(boolean on) {
        // The kernel knows when the other end is gone.
    }

    @Override
    public boolean getKeepAlive() {
        return true;
    }

    @Override
    public void setSoLinger(boolean on, int linger) {
        // Not for Unix sockets.
    }

    @Override
    public String toString() {
        return "UnixSocket[" + path + "]";
    }

    private final class ChannelInput extends InputStream {

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            int limit = readLimitMillis;
            return limit > 0 ? readWithin(buffer, limit) : channel.read(buffer);
        }

        /** The rare case (pgjdbc looks whether a notice came): a selector needs the channel in the other mode. */
        private int readWithin(ByteBuffer buffer, int limitMillis) throws IOException {
            try (Selector selector = Selector.open()) {
                channel.configureBlocking(false);
                SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
                int count = channel.read(buffer);
                if (count == 0 && selector.select(limitMillis) > 0) {
                    count = channel.read(buffer);
                }
                key.cancel();
                selector.selectNow();
                if (count == 0) {
                    throw new SocketTimeoutException("no bytes within " + limitMillis + " ms");
                }
                return count;
            } finally {
                if (channel.isOpen()) {
                    channel.configureBlocking(true);
                }
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private final class ChannelOutput extends OutputStream {

        @Override
        public void write(int octet) throws IOException {
            write(new byte[]{(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
