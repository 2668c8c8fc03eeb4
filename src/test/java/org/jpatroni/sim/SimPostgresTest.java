package org.jpatroni.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.postgres.PostgresControl.StartSpec;
import org.jpatroni.postgres.PostgresControl.StopMode;
import org.jpatroni.postgres.PostgresControl.StopSpec;
import org.jpatroni.runtime.CancelToken;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulated PostgreSQL by itself: what failovers and rewinds rest on. */
class SimPostgresTest {

    private static final long SECOND = 1_000_000_000L;

    private final SimKernel kernel = new SimKernel(3);
    private final SimNetwork network = new SimNetwork(kernel);
    private final List<SimPostgres> servers = new ArrayList<>();
    private final List<SimPostgresControl> controls = new ArrayList<>();
    private final SimProcess process = new SimProcess(kernel, "test");
    private final SimTime time = new SimTime(kernel, 0, 0, 0);
    private final SimTasks tasks = new SimTasks(kernel, process, time);
    private final CancelToken never = new CancelToken();

    SimPostgresTest() {
        for (int i = 0; i < 3; i++) {
            SimPostgres server = new SimPostgres(kernel, network, i, "n" + i, servers);
            server.pace().calm();
            servers.add(server);
            controls.add(
                    new SimPostgresControl(kernel, process, time, server, new SimPostgresControl.SimPeersOfServer() {
                        @Override
                        public Optional<SimPostgres> reach(Upstream upstream) {
                            return servers.stream().filter(SimPostgres::isUp)
                                    .filter(other -> upstream.equals(upstream(other.index())))
                                    .findFirst();
                        }

                        @Override
                        public void before(String act, SimPostgres looked) {
                            // no checker here
                        }
                    }));
        }
    }

    private static Upstream upstream(int index) {
        Member named = Member.named("n" + index);
        return new Upstream.OfMember(new Member(named.name(), Optional.empty(),
                Optional.of(SimPostgresControl.connUrl(index)), Optional.empty(),
                Optional.of(PostgresState.RUNNING.wireText()), Optional.empty(), Optional.empty(), Tags.NONE,
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), named.timeline(), false,
                java.util.Collections.emptyMap(), java.util.Collections.emptyMap(), false, false, false),
                Optional.empty());
    }

    private <T> T run(Callable<T> body) {
        var task = tasks.start("verb", body);
        kernel.runUntil(kernel.nowNanos() + 60 * SECOND);
        assertThat(kernel.failure()).isNull();
        assertThat(task.failure()).isEmpty();
        return task.result().orElseThrow();
    }

    private Outcome startStandby(int index, int of) {
        return run(() -> controls.get(index).start(
                new StartSpec(PostgresRole.REPLICA, Optional.of(upstream(of)), Duration.ofMinutes(1)), never));
    }

    private void clusterOfThree() {
        assertThat(run(() -> controls.get(0).bootstrapNew(never)).isDone()).isTrue();
        for (int i = 1; i < 3; i++) {
            int index = i;
            assertThat(run(() -> controls.get(index).cloneFrom(Optional.of(upstream(0)), never)).isDone()).isTrue();
            assertThat(startStandby(i, 0).isDone()).isTrue();
        }
    }

    private void commit(int index, int count) {
        for (int i = 0; i < count; i++) {
            assertThat(servers.get(index).commit(i)).isTrue();
        }
    }

    @Test
    void standbysReceiveWhatIsCommitted() {
        clusterOfThree();
        commit(0, 20);
        assertThat(servers.get(1).commit(99)).isFalse();
        kernel.runUntil(kernel.nowNanos() + SECOND);
        assertThat(servers.get(1).wal().end()).isEqualTo(servers.get(0).wal().end());
        assertThat(servers.get(2).wal().end()).isEqualTo(servers.get(0).wal().end());
    }

    @Test
    void aFastShutdownIsDeliveredAndTheOldPrimaryCanFollow() {
        clusterOfThree();
        commit(0, 5);
        AtomicReference<Lsn> told = new AtomicReference<>(Lsn.ZERO);
        Outcome stopped = run(
                () -> controls.get(0).stop(new StopSpec(StopMode.FAST, true, Duration.ofMinutes(1), () -> {
                }, told::set, true), never));
        assertThat(stopped.isDone()).isTrue();
        assertThat(told.get()).isEqualTo(servers.get(0).control().checkpointLsn());
        assertThat(servers.get(0).control().isCleanPrimaryShutdown()).isTrue();
        assertThat(run(() -> controls.get(1).promote(Duration.ofMinutes(1), never)).isDone()).isTrue();
        commit(1, 5);
        assertThat(startStandby(0, 1).isDone()).isTrue();
        assertThat(servers.get(0).receiver().source()).contains(servers.get(1));
        assertThat(servers.get(0).wal().timeline()).isEqualTo(2);
        assertThat(servers.get(1).wal().hasPrefix(servers.get(0).wal())).isTrue();
    }

    private void promoteTwice(int commitsBetween) {
        clusterOfThree();
        commit(0, 3);
        kernel.runUntil(kernel.nowNanos() + SECOND);
        network.cut(new SimNetwork.Cut(2, SimNetwork.ANYWHERE));
        network.cut(new SimNetwork.Cut(SimNetwork.ANYWHERE, 2));
        commit(0, commitsBetween);
        kernel.runUntil(kernel.nowNanos() + SECOND);
        servers.get(0).vanish("test");
        assertThat(run(() -> controls.get(1).promote(Duration.ofMinutes(1), never)).isDone()).isTrue();
        commit(1, 2);
        servers.get(1).vanish("test");
        network.healAll();
        assertThat(run(() -> controls.get(2).promote(Duration.ofMinutes(1), never)).isDone()).isTrue();
        assertThat(run(() -> controls.get(2).checkpoint(Duration.ofMinutes(1))).isDone()).isTrue();
        assertThat(servers.get(2).wal().timeline()).isEqualTo(servers.get(1).wal().timeline()).isEqualTo(2);
        commit(2, 5);
    }

    /** With and without different places of the switch. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void twoPromotionsToOneNumberAreAForkThatOnlyANewCopyMends(int commitsBetween) {
        promoteTwice(commitsBetween);
        assertThat(run(() -> controls.get(1).checkDivergence(upstream(2)))).isEqualTo(Divergence.FORKED);
        run(() -> controls.get(1).recoverFromCrash(never));
        assertThat(run(() -> controls.get(1).rewind(upstream(2), never)).isDone()).isTrue();
        assertThat(run(() -> controls.get(1).checkDivergence(upstream(2)))).isEqualTo(Divergence.FORKED);
        assertThat(run(() -> controls.get(1).removeDataDirectory()).isDone()).isTrue();
        assertThat(run(() -> controls.get(1).cloneFrom(Optional.of(upstream(2)), never)).isDone()).isTrue();
        assertThat(run(() -> controls.get(1).checkDivergence(upstream(2)))).isEqualTo(Divergence.NONE);
    }

    @Test
    void aCrashedPrimaryThatWasAheadDivergesAndCanBeRewound() {
        clusterOfThree();
        network.cut(new SimNetwork.Cut(0, SimNetwork.ANYWHERE));
        commit(0, 5);
        servers.get(0).vanish("test");
        network.healAll();
        assertThat(run(() -> controls.get(1).promote(Duration.ofMinutes(1), never)).isDone()).isTrue();
        assertThat(run(() -> controls.get(1).checkpoint(Duration.ofMinutes(1))).isDone()).isTrue();
        assertThat(run(() -> controls.get(2).checkDivergence(upstream(1)))).isEqualTo(Divergence.NONE);
        assertThat(startStandby(0, 1).isDone()).isTrue();
        assertThat(servers.get(0).receiver().source()).isEmpty();
        assertThat(run(() -> controls.get(0).checkDivergence(upstream(1)))).isEqualTo(Divergence.DIVERGED);
        run(() -> controls.get(0).stop(new StopSpec(StopMode.FAST, false, Duration.ofMinutes(1), () -> {
        }, lsn -> {
        }, true), never));
        assertThat(run(() -> controls.get(0).rewind(upstream(1), never)).isDone()).isTrue();
        assertThat(startStandby(0, 1).isDone()).isTrue();
        assertThat(servers.get(0).receiver().source()).contains(servers.get(1));
    }
}
