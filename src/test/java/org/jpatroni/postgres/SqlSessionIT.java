package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jpatroni.postgres.TestServer.LIMIT;

import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions to a real server that answers, does not answer, stops and comes back. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SqlSessionIT {

    private static final Duration SHORT = Duration.ofMillis(500);
    /** Between the limit and the moment when the caller goes on; the machine may be busy. */
    private static final Duration GRACE = Duration.ofMillis(1500);

    private Path folder = UnprivilegedUser.newFolder("session");
    private final TestServer server = server();

    private TestServer server() {
        try {
            int port = TestServer.freePort();
            Path data = folder.resolve("data");
            PostgresConfig config = Configurations.config(data, port, true);
            return new TestServer(TestServer.debianBinaries(), data, port, config,
                    Configurations.settings(TestServer.parameters(folder)), "node0", 15);
        } catch (java.io.IOException noPort) {
            throw new java.io.UncheckedIOException(noPort);
        }
    }

    @BeforeAll
    void start() throws Exception {
        server.initdb();
        server.start(Optional.empty(), Map.of());
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
        UnprivilegedUser.delete(folder);
    }

    private SqlSession session(boolean unix) {
        return server.session(unix ? server.connections.superuser() : server.tcp(Configurations.SUPERUSER));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void hasTheSettingsOfAnAgent(boolean unix) throws SQLException {
        SqlSession session = server.session(unix ? "heartbeat" : "restapi");
        SqlSession used = unix ? session : session(false);
        List<String> shown = used.query("""
                SELECT current_setting('search_path') || ' ' || current_setting('synchronous_commit') || ' '
                       || current_setting('statement_timeout') || ' ' || coalesce(host(inet_client_addr()), 'unix')""",
                Duration.ofSeconds(10), row -> row.getString(1));
        assertThat(shown).containsExactly("pg_catalog local 9s " + (unix ? "unix" : "127.0.0.1"));
        String name = session.queryOne("SELECT current_setting('application_name')", LIMIT, row -> row.getString(1));
        assertThat(name).isEqualTo(unix ? "Patroni heartbeat" : "Patroni restapi");
        assertThat(used.serverVersion(LIMIT) / 10_000).isGreaterThanOrEqualTo(13);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theServerCancelsWhatTakesTooLongAndTheConnectionLivesOn(boolean unix) throws SQLException {
        SqlSession session = session(unix);
        int pid = backend(session);
        long began = System.nanoTime();
        assertThatThrownBy(() -> session.query("SELECT pg_sleep(20)", SHORT, row -> row.getString(1)))
                .isInstanceOf(SQLTimeoutException.class).hasMessageContaining("no answer within 500 ms");
        assertElapsed(began, SHORT);
        assertThat(backend(session)).isEqualTo(pid);
        String limit = session.queryOne("SHOW statement_timeout", LIMIT, row -> row.getString(1));
        assertThat(limit).isEqualTo("9s");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStoppedBackendCannotHoldTheCaller(boolean unix) throws Exception {
        SqlSession session = session(unix);
        int pid = backend(session);
        TestServer.signal("STOP", pid);
        try {
            long began = System.nanoTime();
            assertThatThrownBy(() -> session.query("SELECT 1", SHORT, row -> row.getInt(1)))
                    .isInstanceOf(SQLTimeoutException.class);
            assertElapsed(began, SHORT);
            assertThat(backend(session)).as("a new connection").isNotEqualTo(pid);
        } finally {
            TestServer.signal("CONT", pid);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStoppedBackendThatDoesNotReadCannotHoldAWriter(boolean unix) throws Exception {
        SqlSession session = session(unix);
        int pid = backend(session);
        String large = "x".repeat(30_000_000);
        TestServer.signal("STOP", pid);
        try {
            long began = System.nanoTime();
            long cpuBegan = cpuNanos();
            assertThatThrownBy(
                    () -> session.query("SELECT length(?)", Duration.ofSeconds(2), row -> row.getInt(1), large))
                    .isInstanceOf(SQLTimeoutException.class);
            assertElapsed(began, Duration.ofSeconds(2));
            assertThat(Duration.ofNanos(cpuNanos() - cpuBegan)).as("waits without spinning")
                    .isLessThan(Duration.ofMillis(1200));
        } finally {
            TestServer.signal("CONT", pid);
        }
        int length = session.queryOne("SELECT length(?)", LIMIT, row -> row.getInt(1), large);
        assertThat(length).isEqualTo(30_000_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStoppedPostmasterCannotHoldAConnect(boolean unix) throws Exception {
        TestServer.signal("STOP", server.process().pid());
        try {
            // More than its backlog: over a Unix socket the connect itself blocks then.
            List<Tasks.Task<Boolean>> askers = new ArrayList<>();
            long began = System.nanoTime();
            for (int i = 0; i < 30; i++) {
                SqlSession session = session(unix);
                askers.add(Tasks.system().start("asker", () -> {
                    assertThatThrownBy(() -> session.query("SELECT 1", SHORT, row -> row.getInt(1)))
                            .isInstanceOf(SQLTimeoutException.class);
                    return true;
                }));
            }
            for (Tasks.Task<Boolean> asker : askers) {
                assertThat(asker.await(LIMIT)).isTrue();
                assertThat(asker.failure()).isEmpty();
            }
            assertElapsed(began, SHORT);
        } finally {
            TestServer.signal("CONT", server.process().pid());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLostConnectionIsReplacedWithoutTheCallerNoticing(boolean unix) throws Exception {
        SqlSession session = session(unix);
        int pid = backend(session);
        session(true).query("SELECT pg_terminate_backend(?)", LIMIT, row -> row.getBoolean(1), pid);
        Awaitility.await().atMost(LIMIT).until(() -> session(true).query("SELECT 1 FROM pg_stat_activity WHERE pid = ?",
                LIMIT, row -> row.getInt(1), pid).isEmpty());
        assertThat(backend(session)).isNotEqualTo(pid);
        session.disconnect();
        assertThat(backend(session)).isPositive();
    }

    @Test
    void callersTakeTurnsAndWaitingCounts() throws Exception {
        SqlSession session = session(true);
        backend(session);
        Tasks.Task<Boolean> slow = Tasks.system().start("slow",
                () -> session.query("SELECT pg_sleep(2)", LIMIT, row -> true).getFirst());
        Awaitility.await().atMost(LIMIT).until(() -> !session(true).query("SELECT 1 FROM pg_stat_activity WHERE query ="
                + " 'SELECT pg_sleep(2)' AND state = 'active'", LIMIT, row -> 1).isEmpty());
        assertThatThrownBy(() -> session.query("SELECT 1", Duration.ofMillis(200), row -> row.getInt(1)))
                .isInstanceOf(SQLTimeoutException.class);
        assertThat(backend(session)).isPositive();
        assertThat(slow.await(LIMIT)).isTrue();
        assertThat(slow.result()).contains(true);
    }

    @Test
    void disconnectingEndsAStatementOfAnotherThread() throws Exception {
        SqlSession session = session(true);
        backend(session);
        Tasks.Task<Boolean> slow = Tasks.system().start("slow",
                () -> session.query("SELECT pg_sleep(7)", LIMIT, row -> true).getFirst());
        Awaitility.await().atMost(LIMIT).until(() -> !session(true).query("SELECT 1 FROM pg_stat_activity WHERE query ="
                + " 'SELECT pg_sleep(7)' AND state = 'active'", LIMIT, row -> 1).isEmpty());
        session.close();
        assertThat(slow.await(Duration.ofSeconds(2))).isTrue();
        assertThat(slow.failure()).containsInstanceOf(SQLException.class);
        assertThatThrownBy(() -> session.query("SELECT 1", LIMIT, row -> row.getInt(1)))
                .hasMessage("the session is closed");
    }

    @Test
    void anInterruptEndsTheCall() throws Exception {
        SqlSession session = session(true);
        backend(session);
        Tasks.Task<Boolean> slow = Tasks.system().start("slow",
                () -> session.query("SELECT pg_sleep(8)", LIMIT, row -> true).getFirst());
        Awaitility.await().atMost(LIMIT).until(() -> !session(true).query("SELECT 1 FROM pg_stat_activity WHERE query ="
                + " 'SELECT pg_sleep(8)' AND state = 'active'", LIMIT, row -> 1).isEmpty());
        slow.cancel();
        assertThat(slow.await(Duration.ofSeconds(2))).isTrue();
        assertThat(slow.failure()).containsInstanceOf(SQLException.class);
        assertThat(backend(session)).isPositive();
    }

    @Test
    void nobodyThereIsSaidAtOnce() {
        SqlTarget nobody = SqlTarget.unix(folder.resolve("nowhere"), "5432", "postgres", Configurations.SUPERUSER);
        assertThatThrownBy(() -> server.session(nobody).query("SELECT 1", LIMIT, row -> row.getInt(1)))
                .isInstanceOfSatisfying(SQLException.class, e -> assertThat(SqlSession.isLoss(e)).isTrue());
    }

    @Test
    void replicationCommandsAreAnswered() throws SQLException {
        SqlSession session = server.session(server.tcp(Configurations.SUPERUSER).forReplication());
        int timeline = session.queryOne("IDENTIFY_SYSTEM", LIMIT, row -> row.getInt("timeline"));
        assertThat(timeline).isEqualTo(1);
    }

    private static int backend(SqlSession session) throws SQLException {
        return session.queryOne("SELECT pg_backend_pid()", LIMIT, row -> row.getInt(1));
    }

    private static void assertElapsed(long beganNanos, Duration limit) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - beganNanos);
        assertThat(elapsed).isBetween(limit.multipliedBy(85).dividedBy(100), limit.plus(GRACE));
    }

    /** CPU time of this whole process. */
    private static long cpuNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
    }
}
