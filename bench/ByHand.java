import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * PostgreSQL alone: a primary and a standby, stopped, promoted and started by this program, which knows at once what is to be done. What an agent
 * needs beyond that is the agent's.
 */
final class ByHand implements AutoCloseable {

    private static final String[] NAMES = {"one", "two"};

    private final Path dir = Files.createTempDirectory("byhand");
    private final int base;
    private final Process[] servers = new Process[NAMES.length];
    private int primary;

    /** @param base ports base and base+1 */
    ByHand(int base) throws Exception {
        this.base = base;
        Files.writeString(dir.resolve("pw"), "secret\n");
        command("initdb", "-D", data(0), "-U", "postgres", "--pwfile", dir.resolve("pw").toString(), "--auth-host=scram-sha-256",
                "--auth-local=trust", "--data-checksums", "--encoding=UTF8");
        Files.writeString(dir.resolve(NAMES[0]).resolve("pg_hba.conf"), "local all all trust\nlocal replication all trust\n"
                + "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n");
        start(0);
        awaitStandby(0, false);
        command("pg_basebackup", "-D", data(1), "-h", dir.toString(), "-p", Integer.toString(port(0)), "-U", "postgres", "-c", "fast",
                "-X", "stream");
        follow(1, 0);
        awaitStreaming();
    }

    int[] ports() {
        return new int[] {port(0), port(1)};
    }

    private int port(int i) {
        return base + i;
    }

    private String data(int i) {
        return dir.resolve(NAMES[i]).toString();
    }

    private void command(String program, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(Nodes.PG_BIN + "/" + program));
        command.addAll(List.of(arguments));
        Process process = Nodes.spawn(dir.resolve("log"), Map.of(), command.toArray(String[]::new));
        if (process.waitFor() != 0) {
            throw new IOException(program + " failed: see " + dir.resolve("log"));
        }
    }

    private void start(int i) throws IOException {
        servers[i] = Nodes.spawn(dir.resolve(NAMES[i] + ".log"), Map.of(), Nodes.PG_BIN + "/postgres", "-D", data(i), "-p",
                Integer.toString(port(i)), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + dir, "-c",
                "wal_log_hints=on", "-c", "hot_standby=on", "-c", "wal_keep_size=128MB");
    }

    private void follow(int standby, int upstream) throws IOException {
        Files.writeString(dir.resolve(NAMES[standby]).resolve("standby.signal"), "");
        Files.writeString(dir.resolve(NAMES[standby]).resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=%s port=%d user=postgres'\n".formatted(dir, port(upstream)));
        start(standby);
    }

    private boolean answers(int i, String question) {
        try (Connection connection = Writer.connect(port(i)); Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(question)) {
            row.next();
            return row.getBoolean(1);
        } catch (SQLException notYet) {
            return false;
        }
    }

    private void awaitStandby(int i, boolean standby) throws InterruptedException {
        Nodes.await(60, "server " + NAMES[i], () -> answers(i, standby ? "select pg_is_in_recovery()" : "select not pg_is_in_recovery()"));
    }

    void awaitStreaming() throws InterruptedException {
        Nodes.await(60, "a streaming standby",
                () -> answers(primary, "select count(*) = 1 from pg_stat_replication where state = 'streaming' and replay_lsn > '0/0'"));
    }

    private void checkpoint() throws SQLException {
        try (Connection connection = Writer.connect(port(primary)); Statement statement = connection.createStatement()) {
            statement.execute("checkpoint");
        }
    }

    private void stop(int i) throws Exception {
        Nodes.signal("INT", List.of(servers[i].pid()));
        servers[i].waitFor();
    }

    /** Checkpoint, fast stop, promotion when the process is gone. */
    void switchover() throws Exception {
        int old = primary;
        int next = 1 - old;
        checkpoint();
        stop(old);
        Files.writeString(dir.resolve(NAMES[next]).resolve("promote"), "");
        Nodes.signal("USR1", List.of(servers[next].pid()));
        primary = next;
        awaitStandby(next, false);
        Files.deleteIfExists(dir.resolve(NAMES[next]).resolve("postgresql.auto.conf"));
        follow(old, next);
    }

    /** Checkpoint, fast stop, start. */
    void restart() throws Exception {
        checkpoint();
        stop(primary);
        start(primary);
    }

    /** SIGKILL for the postmaster, and a start again and again until the former backends let it. */
    void kill() throws Exception {
        Process former = servers[primary];
        former.destroyForcibly().waitFor();
        start(primary);
        while (servers[primary].waitFor(200, java.util.concurrent.TimeUnit.MILLISECONDS)) {
            start(primary);
        }
    }

    @Override
    public void close() throws Exception {
        for (Process server : servers) {
            if (server != null) {
                Nodes.signal("QUIT", List.of(server.pid()));
                server.waitFor();
            }
        }
    }
}
