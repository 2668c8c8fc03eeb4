package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables of situations: what is different from a healthy leader or replica, what is asked, what is answered. */
class HealthRulesTest {

    private static final long SECOND = 1_000_000_000L;

    static Stream<Arguments> leaderRows() {
        return Stream.of(
                row("healthy", node -> {}, "/primary", "ok"),
                row("lease ran out since the loop published", node -> node.leaseDeadline = Optional.of(NodeFixture.NOW),
                        "/primary", "lease-expired"),
                row("lease ran out, asked as leader", node -> node.leaseDeadline = Optional.of(NodeFixture.NOW - 1),
                        "/leader", "lease-expired"),
                row("never held the lease", node -> node.leaseDeadline = Optional.empty(), "/leader", "not-leader"),
                row("postmaster died", node -> node.state = PostgresState.CRASHED, "/primary",
                        "postgres-not-running; crashed"),
                row("postmaster died, asked as leader", node -> node.state = PostgresState.STOPPED, "/leader",
                        "postgres-not-running; stopped"),
                row("crash recovery", node -> node.state = PostgresState.STARTING, "/primary",
                        "postgres-not-running; starting"),
                row("holds the lease, not promoted yet", node -> {
                    node.inRecovery = true;
                    node.role = PostgresRole.REPLICA;
                }, "/primary", "in-recovery"),
                row("holds the lease, not promoted yet, asked as leader", node -> node.inRecovery = true, "/leader",
                        "ok"),
                row("silent, but a primary as the loop knows", node -> node.observed = false, "/primary", "ok"),
                row("silent and being promoted", node -> {
                    node.observed = false;
                    node.role = PostgresRole.PROMOTED;
                }, "/primary", "in-recovery"),
                row("silent", node -> node.observed = false, "/health", "postgres-does-not-answer"),
                row("tags mean nothing to a primary", node -> {}, "/primary?tag_zone=b&lag=nonsense", "ok"),
                row("tags count on read-only", node -> {}, "/read-only?tag_zone=b", "tag-differs"),
                row("lag of a leader is not looked at", node -> {}, "/read-only?lag=nonsense", "ok"),
                row("noloadbalance does not hide a primary", node -> node.tags = tags("noloadbalance", true),
                        "/read-only", "ok"),
                row("is no replica", node -> {}, "/replica", "not-a-replica; primary"),
                row("is no standby leader", node -> {}, "/standby-leader", "not-a-standby-cluster; primary"),
                row("read-only-sync takes the primary", node -> {}, "/read-only-sync", "ok"),
                row("read-only-quorum takes the primary", node -> {}, "/read-only-quorum", "ok"),
                row("read-only-sync needs the store", node -> node.snapshotAt = NodeFixture.NOW - 31 * SECOND,
                        "/read-only-sync", "cluster-unknown"),
                row("paused and the store gone: the role tells", node -> {
                    pausedWithoutStore(node);
                    node.leaseDeadline = Optional.of(NodeFixture.NOW - SECOND);
                }, "/primary", "ok"),
                row("paused and the store gone, a second primary: another led when the store was last seen", node -> {
                    node.dynamic.put("pause", true);
                    node.snapshotAt = NodeFixture.NOW - 31 * SECOND;
                    node.leaderKey = Optional.of(new LeaderKey("beta", 1, "1", false));
                    node.leaseDeadline = Optional.empty();
                }, "/primary", "not-leader"),
                row("paused and the store gone, but not running", node -> {
                    pausedWithoutStore(node);
                    node.state = PostgresState.STOPPED;
                    node.observed = false;
                }, "/primary", "postgres-not-running; stopped"),
                row("paused with the store: the lease tells", node -> {
                    node.dynamic.put("pause", true);
                    node.leaseDeadline = Optional.empty();
                }, "/primary", "not-leader"),
                row("standby cluster has no primary", HealthRulesTest::standbyLeader, "/primary", "standby-cluster"),
                row("standby leader leads", HealthRulesTest::standbyLeader, "/leader", "ok"),
                row("standby leader", HealthRulesTest::standbyLeader, "/standby-leader", "ok"),
                row("standby leader, old spelling", HealthRulesTest::standbyLeader, "/standby_leader", "ok"),
                row("standby leader is no replica", HealthRulesTest::standbyLeader, "/replica",
                        "not-a-replica; standby_leader"),
                row("standby leader serves reads", HealthRulesTest::standbyLeader, "/read-only", "ok"),
                row("anything else", node -> {}, "/notaleaderatall", "unknown-path"));
    }

    static Stream<Arguments> replicaRows() {
        return Stream.of(
                row("healthy", node -> {}, "/replica", "ok"),
                row("healthy, read-only", node -> {}, "/read-only", "ok"),
                row("healthy, asynchronous", node -> {}, "/async", "ok"),
                row("healthy, health", node -> {}, "/health", "ok"),
                row("is no primary", node -> {}, "/primary", "not-leader"),
                row("noloadbalance", node -> node.tags = tags("noloadbalance", true), "/replica", "noloadbalance"),
                row("noloadbalance: false is nothing", node -> node.tags = tags("noloadbalance", false), "/replica",
                        "ok"),
                row("restarting", node -> node.state = PostgresState.RESTARTING, "/replica",
                        "postgres-not-running; restarting"),
                row("silent", node -> node.observed = false, "/replica", "postgres-does-not-answer"),
                row("slow for a moment", node -> staleFor(node, 2), "/replica", "ok"),
                row("slow for too long", node -> staleFor(node, 6), "/replica", "postgres-does-not-answer"),
                row("slow, and the loop knows it is down", node -> {
                    staleFor(node, 1);
                    node.state = PostgresState.STOPPED;
                }, "/replica", "postgres-not-running; stopped"),
                row("within the limit", node -> behind(node, 100), "/replica?lag=100", "ok"),
                row("over the limit", node -> behind(node, 101), "/replica?lag=100", "lag-exceeded; lag=101 limit=100"),
                row("over the limit in kB", node -> behind(node, 16385), "/replica?lag=16kB",
                        "lag-exceeded; lag=16385 limit=16384"),
                row("the upstream knows of more than the store", node -> {
                    node.latestEnd = Optional.of(new Lsn(node.replayed.bytes() + 500));
                }, "/async?lag=499", "lag-exceeded; lag=500 limit=499"),
                row("no position known means no lag", node -> {
                    node.stored = StoredStatus.EMPTY;
                    node.latestEnd = Optional.empty();
                }, "/replica?lag=0", "ok"),
                row("malformed limit", node -> {}, "/replica?lag=1mb", "lag-malformed"),
                row("empty limit", node -> {}, "/replica?lag=", "lag-malformed"),
                row("malformed limit on read-only", node -> {}, "/read-only?lag=x", "lag-malformed"),
                row("first of two limits", node -> behind(node, 50), "/replica?lag=100&lag=10", "ok"),
                row("streams as wanted", node -> {}, "/replica?replication_state=streaming", "ok"),
                row("replays from the archive", node -> node.replicationState = Optional.of("in archive recovery"),
                        "/replica?replication_state=streaming", "replication-state-differs; in archive recovery"),
                row("wanted state with a blank", node -> node.replicationState = Optional.of("in archive recovery"),
                        "/replica?replication_state=in%20archive+recovery", "ok"),
                row("no state", node -> node.replicationState = Optional.empty(),
                        "/replica?replication_state=streaming", "replication-state-differs; none"),
                row("empty wanted state is none", node -> node.replicationState = Optional.empty(),
                        "/replica?replication_state=", "ok"),
                row("tag as wanted", node -> node.tags = tags("zone", "a"), "/replica?tag_zone=a", "ok"),
                row("number as tag", node -> node.tags = tags("num", 5), "/replica?tag_num=5", "ok"),
                row("flag as tag", node -> node.tags = tags("flag", true), "/replica?tag_flag=true", "ok"),
                row("flag in capitals differs", node -> node.tags = tags("flag", true), "/replica?tag_flag=True",
                        "tag-differs"),
                row("text tags keep their case", node -> node.tags = tags("zone", "A"), "/replica?tag_zone=a",
                        "tag-differs"),
                row("tag that is not there", node -> {}, "/replica?tag_zone=a", "tag-differs"),
                row("second tag differs", node -> node.tags = tags("zone", "a"), "/replica?tag_zone=a&tag_x=1",
                        "tag-differs"),
                row("tags on health", node -> {}, "/health?tag_zone=a", "tag-differs"));
    }

    static Stream<Arguments> synchronousRows() {
        return Stream.of(
                row("not in sync", node -> {}, "/sync", "not-synchronous"),
                row("synchronous", HealthRulesTest::synchronous, "/sync", "ok"),
                row("synchronous, read-only", HealthRulesTest::synchronous, "/read-only-sync", "ok"),
                row("synchronous is not asynchronous", HealthRulesTest::synchronous, "/asynchronous", "synchronous"),
                row("synchronous is not in a quorum", HealthRulesTest::synchronous, "/quorum", "not-in-quorum"),
                row("in the quorum", HealthRulesTest::quorum, "/quorum", "ok"),
                row("in the quorum, read-only", HealthRulesTest::quorum, "/read-only-quorum", "ok"),
                row("in the quorum is not synchronous", HealthRulesTest::quorum, "/sync", "not-synchronous"),
                row("in the quorum is not asynchronous", HealthRulesTest::quorum, "/async", "synchronous"),
                row("synchronous, but far behind", node -> {
                    synchronous(node);
                    behind(node, 2);
                }, "/sync?lag=1", "lag-exceeded; lag=2 limit=1"),
                row("the store was not read for the time to live",
                        node -> node.snapshotAt = NodeFixture.NOW - 30 * SECOND, "/async", "cluster-unknown"),
                row("replica is one without the store too", node -> node.storeSeen = false, "/replica", "ok"),
                row("standby cluster's replica", node -> node.dynamic.put("standby_cluster", Map.of("host", "x")),
                        "/replica", "ok"));
    }

    static Stream<Arguments> readinessRows() {
        return Stream.of(
                row("replica", node -> {}, "", "ok"),
                row("behind within the default", node -> behind(node, 1_048_576), "", "ok"),
                row("behind the default", node -> behind(node, 1_048_577), "",
                        "lag-exceeded; lag=1048577 limit=1048576"),
                row("own limit", node -> behind(node, 11), "lag=10", "lag-exceeded; lag=11 limit=10"),
                row("received is enough for write mode", node -> {
                    behind(node, 11);
                    node.received = new Lsn(node.replayed.bytes() + 11);
                }, "lag=10&mode=write", "ok"),
                row("another mode is apply", node -> behind(node, 11), "lag=10&mode=other",
                        "lag-exceeded; lag=11 limit=10"),
                row("malformed limit", node -> {}, "lag=1mb", "lag-malformed"),
                row("not streaming", node -> node.replicationState = Optional.of("in archive recovery"), "",
                        "not-streaming"),
                row("not running", node -> node.state = PostgresState.STARTING, "",
                        "postgres-not-running; starting"),
                row("silent", node -> node.observed = false, "", "postgres-does-not-answer"),
                row("no store, but the upstream tells", node -> node.storeSeen = false, "", "ok"),
                row("neither store nor upstream", HealthRulesTest::alone, "", "cluster-unknown"),
                row("neither, but failsafe", node -> {
                    alone(node);
                    node.failsafeActive = true;
                }, "", "ok"),
                row("leader", node -> node.leaseDeadline = Optional.of(NodeFixture.NOW + SECOND), "lag=x", "ok"),
                row("leader that does not run", node -> {
                    node.leaseDeadline = Optional.of(NodeFixture.NOW + SECOND);
                    node.state = PostgresState.CRASHED;
                }, "", "postgres-not-running; crashed"));
    }

    private static Arguments row(String situation, Consumer<NodeFixture> change, String asked, String answer) {
        return Arguments.of(situation, change, asked, answer);
    }

    @ParameterizedTest(name = "leader: {0}: {2}")
    @MethodSource("leaderRows")
    void leader(String situation, Consumer<NodeFixture> change, String target, String answer) {
        check(NodeFixture.leader(), change, target, answer);
    }

    @ParameterizedTest(name = "replica: {0}: {2}")
    @MethodSource({"replicaRows", "synchronousRows"})
    void replica(String situation, Consumer<NodeFixture> change, String target, String answer) {
        check(NodeFixture.replica(), change, target, answer);
    }

    private static void check(NodeFixture node, Consumer<NodeFixture> change, String target, String answer) {
        change.accept(node);
        String path = target.split("\\?", 2)[0];
        HealthCheck check = Stream.of(HealthCheck.values()).filter(c -> c.paths().contains(path)).findFirst()
                .orElse(HealthCheck.UNKNOWN);
        String query = target.contains("?") ? target.substring(target.indexOf('?') + 1) : "";
        HealthVerdict verdict = HealthRules.check(check, node.view(), HealthQuery.parse(query), NodeFixture.NOW);
        assertThat(verdict.headerText()).isEqualTo(answer);
        assertThat(verdict.code()).isEqualTo(answer.equals("ok") ? 200 : 503);
    }

    @ParameterizedTest(name = "readiness: {0}: {2}")
    @MethodSource("readinessRows")
    void readiness(String situation, Consumer<NodeFixture> change, String query, String answer) {
        NodeFixture node = NodeFixture.replica();
        change.accept(node);
        HealthVerdict verdict = HealthRules.readiness(node.view(), HealthQuery.parse(query), NodeFixture.NOW);
        assertThat(verdict.headerText()).isEqualTo(answer);
    }

    @Test
    void livenessAllowsAPrimaryOneTimeToLive() {
        NodeFixture node = NodeFixture.leader();
        node.heartbeatAt = NodeFixture.NOW - 29 * SECOND;
        assertThat(HealthRules.liveness(node.ha(), NodeFixture.NOW).isOk()).isTrue();
        node.heartbeatAt = NodeFixture.NOW - 30 * SECOND;
        assertThat(HealthRules.liveness(node.ha(), NodeFixture.NOW).headerText())
                .isEqualTo("heartbeat-late; last cycle 30 s ago");
        node.dynamic.put("pause", true);
        assertThat(HealthRules.liveness(node.ha(), NodeFixture.NOW).isOk()).isTrue();
    }

    @Test
    void livenessAllowsOthersTwice() {
        NodeFixture replica = NodeFixture.replica();
        replica.heartbeatAt = NodeFixture.NOW - 59 * SECOND;
        assertThat(HealthRules.liveness(replica.ha(), NodeFixture.NOW).isOk()).isTrue();
        replica.heartbeatAt = NodeFixture.NOW - 60 * SECOND;
        assertThat(HealthRules.liveness(replica.ha(), NodeFixture.NOW).isOk()).isFalse();
        NodeFixture stopped = NodeFixture.leader();
        stopped.state = PostgresState.STOPPED;
        stopped.heartbeatAt = NodeFixture.NOW - 45 * SECOND;
        assertThat(HealthRules.liveness(stopped.ha(), NodeFixture.NOW).isOk()).isTrue();
    }

    private static Tags tags(String name, Object value) {
        return new Tags(Map.of(name, value));
    }

    private static void behind(NodeFixture node, long bytes) {
        node.stored = new StoredStatus(new Lsn(node.replayed.bytes() + bytes), Map.of(), List.of());
    }

    private static void staleFor(NodeFixture node, long seconds) {
        node.stale = true;
        node.observedAt = NodeFixture.NOW - seconds * SECOND;
    }

    private static void synchronous(NodeFixture node) {
        node.dynamic.put("synchronous_mode", true);
        node.sync = new SyncState(Optional.of("node1"), List.of("NODE0"), 0, 1);
    }

    private static void quorum(NodeFixture node) {
        synchronous(node);
        node.dynamic.put("synchronous_mode", "quorum");
    }

    private static void standbyLeader(NodeFixture node) {
        node.dynamic.put("standby_cluster", Map.of("host", "elsewhere"));
        node.role = PostgresRole.STANDBY_LEADER;
        node.inRecovery = true;
    }

    private static void pausedWithoutStore(NodeFixture node) {
        node.dynamic.put("pause", true);
        node.storeSeen = false;
    }

    private static void alone(NodeFixture node) {
        node.storeSeen = false;
        node.latestEnd = Optional.empty();
    }
}
