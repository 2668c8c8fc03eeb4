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

/** Inserts one row every 5 ms into whoever accepts writes, remembers what was acknowledged, and measures the longest time without. */
final class Writer implements AutoCloseable {

    private final Nodes nodes;
    private final List<Long> acknowledged = new ArrayList<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile long lastNanos;
    private volatile long longestNanos;

    Writer(Nodes nodes) throws SQLException {
        this.nodes = nodes;
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute("create table if not exists written (id bigint primary key)");
        }
        thread = Thread.ofPlatform().name("writer").start(this::run);
    }

    private Connection connect() throws SQLException {
        SQLException last = new SQLException("no node");
        for (int i = 0; i < nodes.count; i++) {
            Properties properties = new Properties();
            properties.setProperty("user", "postgres");
            properties.setProperty("password", "secret");
            properties.setProperty("connectTimeout", "1");
            properties.setProperty("socketTimeout", "2");
            try {
                Connection connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + nodes.sql(i) + "/postgres",
                        properties);
                try (Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery("select pg_is_in_recovery()")) {
                    row.next();
                    if (!row.getBoolean(1)) {
                        return connection;
                    }
                }
                connection.close();
            } catch (SQLException refused) {
                last = refused;
            }
        }
        throw last;
    }

    private void run() {
        long id = System.currentTimeMillis() * 1000;
        while (!closed) {
            try (Connection connection = connect();
                    PreparedStatement insert = connection.prepareStatement("insert into written values (?)")) {
                while (!closed) {
                    insert.setLong(1, ++id);
                    insert.executeUpdate();
                    acknowledge(id);
                    Thread.sleep(5);
                }
            } catch (SQLException failure) {
                pause();
            } catch (InterruptedException end) {
                return;
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void acknowledge(long id) {
        long now = System.nanoTime();
        if (lastNanos != 0) {
            longestNanos = Math.max(longestNanos, now - lastNanos);
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

    /** Milliseconds since the last acknowledged insert. */
    double idleMillis() {
        return (System.nanoTime() - lastNanos) / 1e6;
    }

    int lost() throws SQLException {
        Set<Long> present = new HashSet<>();
        try (Connection connection = connect(); Statement statement = connection.createStatement();
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
        thread.join(5000);
    }
}
