package org.jpatroni.postgres;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time.Deadline;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * One connection to one server, opened when it is needed and opened anew when it was lost. Every call has a hard limit that covers
 * waiting for the turn, connecting and answering: the server is told to cancel a little earlier ({@code statement_timeout}), and a server
 * that does not even do that (it was stopped, its machine is gone) loses the connection. Calls from several threads take turns.
 */
public final class SqlSession implements AutoCloseable {

    /** Reads the current row. */
    @FunctionalInterface
    public interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    @FunctionalInterface
    private interface Work<T> {
        T on(Open open) throws SQLException;
    }

    /** A live connection with its socket. */
    private static final class Open {
        final Connection connection;
        final ConnectionAttempt attempt;
        final int serverVersion;
        long statementTimeoutMillis;

        Open(Connection connection, ConnectionAttempt attempt, long statementTimeoutMillis) throws SQLException {
            this.connection = connection;
            this.attempt = attempt;
            this.serverVersion = connection.getMetaData().getDatabaseMajorVersion() * 10_000
                    + connection.getMetaData().getDatabaseMinorVersion();
            this.statementTimeoutMillis = statementTimeoutMillis;
        }
    }

    /** The driver logs to the JDK's own logging what it also throws. Held here, as that logging forgets levels of loggers nobody holds. */
    private static final Logger DRIVER_LOG = Logger.getLogger("org.postgresql");

    static {
        DRIVER_LOG.setLevel(Level.OFF);
    }

    private final String applicationName;
    private final Supplier<SqlTarget> target;
    private final Tasks tasks;
    private final ReentrantLock turn = new ReentrantLock();
    private final StatementWatch watch;
    private volatile @Nullable ConnectionAttempt attempt;
    private volatile @Nullable Open open;
    private volatile boolean closed;
    private volatile boolean inTransaction;

    /**
     * @param applicationName what {@code pg_stat_activity} shows
     * @param target asked at every connect, so that changed settings count from then on
     */
    public SqlSession(String applicationName, Supplier<SqlTarget> target, Tasks tasks) {
        this.applicationName = applicationName;
        this.target = target;
        this.tasks = tasks;
        this.watch = new StatementWatch(applicationName + " deadline", tasks);
    }

    /**
     * Runs a statement and reads its rows.
     *
     * @param limit for everything together
     * @throws SQLTimeoutException when the limit was over; the connection may be gone then
     * @throws SQLException when there is no connection to be had, or the server refuses the statement
     */
    public <T> List<T> query(String sql, Duration limit, RowReader<T> reader, @Nullable Object... parameters)
            throws SQLException {
        return run(limit, open -> {
            try (PreparedStatement statement = open.connection.prepareStatement(sql)) {
                for (int i = 0; i < parameters.length; i++) {
                    statement.setObject(i + 1, parameters[i]);
                }
                try (ResultSet rows = statement.executeQuery()) {
                    List<T> read = new ArrayList<>();
                    while (rows.next()) {
                        read.add(reader.read(rows));
                    }
                    return read;
                }
            }
        });
    }

    /** The single row of a statement that always has one. */
    public <T> T queryOne(String sql, Duration limit, RowReader<T> reader, @Nullable Object... parameters)
            throws SQLException {
        List<T> rows = query(sql, limit, reader, parameters);
        if (rows.size() != 1) {
            throw new SQLException("expected one row, got " + rows.size());
        }
        return rows.getFirst();
    }

    /**
     * Runs statements without parameters in order on the same connection. After a lost connection they are begun anew once, so they must
     * not mind being run twice.
     */
    public void execute(Duration limit, String... statements) throws SQLException {
        run(limit, open -> {
            try (Statement statement = open.connection.createStatement()) {
                for (String sql : statements) {
                    statement.execute(sql);
                }
            }
            return true;
        });
    }

    /**
     * Begins a transaction that stays open between calls. Until {@link #end} every call is part of it; when the connection is lost it is over,
     * calls fail, and none is made on another connection.
     */
    public void begin(Duration limit) throws SQLException {
        execute(limit, "BEGIN");
        inTransaction = true;
    }

    /** Ends the transaction, however it ends: {@code COMMIT} or {@code ROLLBACK}. */
    public void end(Duration limit, String how) throws SQLException {
        try {
            execute(limit, how);
        } finally {
            inTransaction = false;
        }
    }

    /** The server's version as a number, for example 150018; connects when there is no connection. */
    public int serverVersion(Duration limit) throws SQLException {
        return run(limit, open -> open.serverVersion);
    }

    private <T> T run(Duration limit, Work<T> work) throws SQLException {
        Deadline deadline = tasks.time().deadlineIn(limit);
        takeTurn(deadline, limit);
        try {
            Open kept = open;
            if (kept != null) {
                try {
                    return guarded(kept, deadline, limit, work);
                } catch (SQLException failure) {
                    // A connection from before a restart fails at the first use: that says nothing of the server that runs now.
                    if (inTransaction || failure instanceof SQLTimeoutException || !isLoss(failure)
                            || deadline.isPast()) {
                        throw failure;
                    }
                }
            }
            if (inTransaction) {
                throw new SQLNonTransientConnectionException("the connection of the transaction is lost", "08003");
            }
            Open fresh = connect(deadline, limit);
            return guarded(fresh, deadline, limit, work);
        } finally {
            turn.unlock();
        }
    }

    private void takeTurn(Deadline deadline, Duration limit) throws SQLException {
        try {
            if (!turn.tryLock(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
                throw tooLate(limit, null);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted", "57014", interrupted);
        }
        if (closed) {
            turn.unlock();
            throw new SQLNonTransientConnectionException("the session is closed", "08003");
        }
    }

    private Open connect(Deadline deadline, Duration limit) throws SQLException {
        SqlTarget place = target.get();
        Optional<Path> socket = place.socketDirectory().map(folder -> folder.resolve(".s.PGSQL." + place.port()));
        TlsSettings tls = socket.isPresent()
                ? TlsSettings.OFF
                : TlsSettings.of(place.libpqOptions(), Path.of(System.getProperty("user.home")));
        ConnectionAttempt trial = new ConnectionAttempt(socket, tls);
        long serverLimit = serverLimitMillis(limit);
        Properties settings = JdbcSettings.properties(place, applicationName, "-c search_path=pg_catalog"
                + " -c synchronous_commit=local -c statement_timeout=" + serverLimit
                + " -c pg_stat_statements.track=none");
        attempt = trial;
        // In a task of its own: looking up a host's name cannot be interrupted. On a platform thread: a socket that a virtual thread has
        // touched stays in non-blocking mode, and costs every later caller more.
        Tasks.Task<Connection> connecting = tasks.startBlocking(applicationName + " connect",
                () -> trial.call(() -> new Driver().connect(JdbcSettings.url(place), settings)));
        try {
            if (!connecting.await(deadline.left())) {
                trial.abort();
                connecting.cancel();
                throw tooLate(limit, null);
            }
        } catch (InterruptedException interrupted) {
            trial.abort();
            connecting.cancel();
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while connecting", "57014", interrupted);
        }
        Optional<Connection> made = connecting.result();
        if (made.isEmpty()) {
            trial.abort();
            throw asSqlException(connecting.failure(), place);
        }
        Open fresh = new Open(made.get(), trial, serverLimit);
        open = fresh;
        if (closed) {
            drop(fresh);
            throw new SQLNonTransientConnectionException("the session is closed", "08003");
        }
        return fresh;
    }

    /** What the driver says of a Unix socket speaks of hosts and ports, so it is said anew; the server's own words stay. */
    private static SQLException asSqlException(Optional<Throwable> failure, SqlTarget place) {
        Throwable cause = failure.orElse(null);
        if (cause instanceof SQLException refused
                && (place.socketDirectory().isEmpty() || refused.getCause() == null)) {
            return refused;
        }
        String state = cause instanceof SQLException refused ? refused.getSQLState() : "08001";
        Throwable root = cause;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        String reason = root == null ? "no connection" : root.getMessage();
        return new SQLException("cannot connect to " + place.place() + ": " + reason, state, cause);
    }

    private <T> T guarded(Open on, Deadline deadline, Duration limit, Work<T> work) throws SQLException {
        watch.begin(on.attempt, deadline);
        try {
            long serverLimit = serverLimitMillis(limit);
            if (serverLimit != on.statementTimeoutMillis) {
                try (Statement statement = on.connection.createStatement()) {
                    statement.execute("SET statement_timeout = " + serverLimit);
                }
                on.statementTimeoutMillis = serverLimit;
            }
            return work.on(on);
        } catch (SQLException failure) {
            if (watch.end()) {
                drop(on);
                throw tooLate(limit, failure);
            }
            if ("57014".equals(failure.getSQLState())) {
                throw tooLate(limit, failure);
            }
            if (isLoss(failure)) {
                drop(on);
            }
            throw failure;
        } finally {
            watch.end();
        }
    }

    /** A little less than the limit, so that in ordinary cases the server cancels and the connection lives on. */
    private static long serverLimitMillis(Duration limit) {
        return Math.max(1, Math.min(Integer.MAX_VALUE, limit.toMillis() * 9 / 10));
    }

    private SQLTimeoutException tooLate(Duration limit, @Nullable SQLException cause) {
        String text = applicationName + ": no answer within " + limit.toMillis() + " ms";
        return cause == null ? new SQLTimeoutException(text, "57014") : new SQLTimeoutException(text, "57014", cause);
    }

    /** Whether the connection is of no use any more: broken (class 08), or ended by the server (57P01 to 57P05). */
    static boolean isLoss(SQLException failure) {
        String state = failure.getSQLState();
        return state != null && (state.startsWith("08") || state.startsWith("57P"));
    }

    /**
     * Drops the connection; a statement that runs in another thread fails at once. The next call connects anew. To be used when the server
     * was replaced: a backend of a killed postmaster could still answer.
     */
    public void disconnect() {
        ConnectionAttempt trial = attempt;
        if (trial != null) {
            trial.abort();
        }
        Open current = open;
        if (current != null && turn.tryLock()) {
            try {
                drop(current);
            } finally {
                turn.unlock();
            }
        }
    }

    /** Drops the connection for good. */
    @Override
    public void close() {
        closed = true;
        disconnect();
    }

    private void drop(Open lost) {
        if (open == lost) {
            open = null;
        }
        lost.attempt.abort();
        try {
            lost.connection.close();
        } catch (SQLException alreadyBroken) {
            // The socket is closed; this frees what the driver holds.
        }
    }
}
