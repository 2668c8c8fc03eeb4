import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Inserts one row every 5 ms into whoever accepts writes, remembers what was acknowledged, and measures the longest time without. It keeps a
 * connection to each server and asks it every 5 ms whether it is still a standby, so that what is measured is not how long a client looks around.
 */
final class Writer implements AutoCloseable {

    private static final int PAUSE_MILLIS = 5;

    private final int[] ports;
    private final AtomicLong nextId = new AtomicLong(System.currentTimeMillis() * 1000);
    private final List<Long> acknowledged = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closed;
    private volatile long lastNanos;
    private volatile long longestNanos;
    private volatile long longestUntilNanos;
    private volatile long longestUntilMillis;

    Writer(int... ports) throws SQLException {
        this.ports = ports;
        createTable();
        for (int port : ports) {
            threads.add(Thread.ofPlatform().name("writer-" + port).start(() -> run(port)));
        }
    }

    private void createTable() throws SQLException {
        try (Connection connection = primary(); Statement statement = connection.createStatement()) {
            statement.execute("create table if not exists written (id bigint primary key)");
        }
    }

    private Connection primary() throws SQLException {
        SQLException last = new SQLException("no node");
        for (int port : ports) {
            try {
                Connection connection = connect(port);
                if (!isStandby(connection)) {
                    return connection;
                }
                connection.close();
            } catch (SQLException refused) {
                last = refused;
            }
        }
        throw last;
    }

    static Connection connect(int port) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "postgres");
        properties.setProperty("password", "secret");
        properties.setProperty("connectTimeout", "1");
        properties.setProperty("socketTimeout", "2");
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/postgres", properties);
    }

    private static boolean isStandby(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_is_in_recovery()")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private void run(int port) {
        while (!closed) {
            try (Connection connection = connect(port)) {
                while (!closed && isStandby(connection)) {
                    Thread.sleep(PAUSE_MILLIS);
                }
                insert(connection);
            } catch (SQLException failure) {
                pause();
            } catch (InterruptedException end) {
                return;
            }
        }
    }

    private void insert(Connection connection) throws SQLException, InterruptedException {
        try (PreparedStatement insert = connection.prepareStatement("insert into written values (?)")) {
            while (!closed) {
                long id = nextId.incrementAndGet();
                insert.setLong(1, id);
                insert.executeUpdate();
                acknowledge(id);
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void acknowledge(long id) {
        long now = System.nanoTime();
        if (lastNanos != 0 && now - lastNanos > longestNanos) {
            longestNanos = now - lastNanos;
            longestUntilNanos = now;
            longestUntilMillis = System.currentTimeMillis();
        }
        lastNanos = now;
        acknowledged.add(id);
    }

    /** Forgets the longest gap so far. */
    synchronized void reset() {
        longestNanos = 0;
    }

    double longestMillis() {
        return longestNanos / 1e6;
    }

    /** When the longest gap ended, on the clock of {@link System#nanoTime}. */
    long longestUntilNanos() {
        return longestUntilNanos;
    }

    /** From when to when nothing was acknowledged, by the wall clock. */
    String longest() {
        long from = longestUntilMillis - longestNanos / 1_000_000;
        return java.time.Instant.ofEpochMilli(from) + " to " + java.time.Instant.ofEpochMilli(longestUntilMillis);
    }

    /** Milliseconds since the last acknowledged insert. */
    double idleMillis() {
        return (System.nanoTime() - lastNanos) / 1e6;
    }

    /** How many acknowledged rows are not there. */
    int lost() throws SQLException {
        Set<Long> present = new HashSet<>();
        try (Connection connection = primary(); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id from written")) {
            while (rows.next()) {
                present.add(rows.getLong(1));
            }
        }
        synchronized (this) {
            return (int) acknowledged.stream().filter(id -> !present.contains(id)).count();
        }
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        for (Thread thread : threads) {
            thread.join(5000);
        }
    }
}
