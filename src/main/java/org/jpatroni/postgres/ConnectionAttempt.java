package org.jpatroni.postgres;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The socket of one connection, in our hands so that another thread can close it at a deadline: what pgjdbc itself offers are limits per
 * read. pgjdbc makes its socket factories by class name; they find the attempt that they belong to through {@link #current()}.
 */
final class ConnectionAttempt {

    private static final ScopedValue<ConnectionAttempt> CURRENT = ScopedValue.newInstance();

    private final Optional<Path> unixSocket;
    private final TlsSettings tls;
    private @Nullable Socket socket;
    private boolean aborted;

    ConnectionAttempt(Optional<Path> unixSocket, TlsSettings tls) {
        this.unixSocket = unixSocket;
        this.tls = tls;
    }

    /** Runs the body with this as the current attempt of the thread. */
    <T> T call(Callable<T> body) throws Exception {
        return ScopedValue.where(CURRENT, this).call(body::call);
    }

    static ConnectionAttempt current() {
        return CURRENT.get();
    }

    TlsSettings tls() {
        return tls;
    }

    /** A new socket, connected when it is a Unix socket. With several hosts the last one counts. */
    Socket newSocket() throws IOException {
        UnixSocket unix = unixSocket.isPresent() ? new UnixSocket(unixSocket.get()) : null;
        Socket made = unix != null ? unix : new Socket();
        synchronized (this) {
            if (aborted) {
                made.close();
                throw new IOException("given up");
            }
            socket = made;
        }
        if (unix != null) {
            unix.connect();
        }
        return made;
    }

    /** Closes the socket; whoever reads or writes fails at once. May be called from any thread, does not block. */
    void abort() {
        Socket toClose;
        synchronized (this) {
            aborted = true;
            toClose = socket;
        }
        if (toClose != null) {
            try {
                toClose.close();
            } catch (IOException alreadyBroken) {
                // Closed is what we wanted.
            }
        }
    }
}
