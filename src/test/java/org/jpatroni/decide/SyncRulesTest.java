package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.Synchrony.ON;
import static org.jpatroni.decide.Synchrony.OFF;
import static org.jpatroni.decide.Synchrony.QUORUM;
import static org.jpatroni.decide.Synchrony.STRICT;
import static org.jpatroni.decide.Synchrony.STRICT_QUORUM;
import static org.jpatroni.decide.Synchrony.doubt;
import static org.jpatroni.decide.Synchrony.managed;
import static org.jpatroni.decide.Synchrony.mode;
import static org.jpatroni.decide.Synchrony.primary;
import static org.jpatroni.decide.Synchrony.stored;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Synchronous replication: which rule speaks, and what is stored and set. */
class SyncRulesTest {

    static Stream<Arguments> rows() {
        return Stream.of(leader(), promotion(), race(), others()).flatMap(part -> part);
    }

    private static World leads(String json, int quorum, String... standbys) {
        return stored(mode(World.leader(), json), "a", quorum, standbys);
    }

    private static Stream<Arguments> leader() {
        return Stream.of(row("taken up", mode(World.leader(), ON), "sync.enable", "/sync a [] 0"),
                row("another leader is stored", stored(mode(World.leader(), ON), "b", 0, "a"), "sync.enable",
                        "/sync a [] 0"),
                row("alone", primary(leads(ON, 0), ""), "leader.rest", ""),
                row("a standby connects", primary(leads(ON, 0), "", "b async 1000"), "sync.names", "b"),
                row("it lacks what was acknowledged before", primary(leads(ON, 0), "b", "b sync 10"), "leader.rest",
                        ""),
                row("it is not waited for yet", primary(leads(ON, 0), "b", "b async 1000"), "leader.rest", ""),
                row("it has caught up", primary(leads(ON, 0), "b", "b sync 1000"), "sync.store", "/sync a [b] 0"),
                row("settled", primary(leads(ON, 0, "b"), "b", "b sync 1000", "c async 1000"), "leader.rest", ""),
                row("gone", primary(leads(ON, 0, "b"), "b"), "sync.store", "/sync a [] 0"),
                row("gone, and nobody waits for it", primary(leads(ON, 0), "b"), "sync.names", ""),
                row("another takes its place", primary(leads(ON, 0, "b"), "b", "c async 1000"), "sync.store",
                        "/sync a [] 0"),
                row("a write that may still happen", doubt(primary(leads(ON, 0, "b"), "b")), "sync.store-again",
                        "/sync a [b] 0"),
                row("strict, nobody ever", primary(leads(STRICT, 0), ""), "sync.strict-alone",
                        "__patroni_strict_sync_replica_placeholder__"),
                row("strict, the last one is gone", primary(leads(STRICT, 0, "b"), "b"), "sync.strict-alone", "b"),
                row("quorum, strict, nobody ever", primary(leads(STRICT_QUORUM, 0), ""), "sync.strict-alone",
                        "ANY 1 (__patroni_strict_sync_replica_placeholder__)"),
                row("quorum, two connect", primary(leads(QUORUM, 0), "", "b async 1000", "c async 1000"),
                        "sync.names", "ANY 1 (b,c)"),
                row("quorum, one of them has caught up",
                        primary(leads(QUORUM, 0), "ANY 1 (b,c)", "b quorum 1000", "c quorum 10"), "sync.store",
                        "/sync a [b, c] 1"),
                row("quorum, one more", primary(leads(QUORUM, 0, "b"), "ANY 1 (b)", "b quorum 1000", "c async 1000"),
                        "sync.store", "/sync a [b, c] 1"),
                row("from priority to quorum", primary(leads(QUORUM, 0, "b"), "b", "b sync 1000"), "sync.names",
                        "ANY 1 (b)"),
                row("from quorum to priority",
                        primary(leads(ON, 1, "b", "c"), "ANY 1 (b,c)", "b quorum 1000", "c quorum 900"), "sync.names",
                        "b"),
                row("off: anybody may lead first", stored(mode(World.leader(), OFF), "a", 0, "b"), "sync.disable",
                        "/sync - [] 0"),
                row("off: then nobody is waited for", managed(mode(World.leader(), OFF)), "sync.configured-names",
                        "configuration"));
    }

    private static World won(String json) {
        return mode(World.replica().leaderKey("a", true).lease(NOW, NOW + 30 * SECOND), json);
    }

    private static Stream<Arguments> promotion() {
        return Stream.of(
                row("priority mode begins alone", stored(won(ON), "b", 0, "a"), "sync.store-before-promotion",
                        "/sync a [] 0"),
                row("and is promoted then", stored(won(ON), "a", 0), "leader.promote", ""),
                row("strict: commits wait for the old primary", stored(won(STRICT), "b", 0, "a"),
                        "sync.names-before-promotion", "b"),
                row("strict: nobody else is known", stored(won(STRICT), "a", 0), "sync.names-before-promotion",
                        "__patroni_strict_sync_replica_placeholder__"),
                row("quorum: the old primary takes the place of the new one", stored(won(QUORUM), "b", 1, "a", "c"),
                        "sync.names-before-promotion", "ANY 1 (b,c)"),
                row("quorum: then it is stored", primaryNames(stored(won(QUORUM), "b", 1, "a", "c"), "ANY 1 (b,c)"),
                        "sync.store-before-promotion", "/sync a [b, c] 1"),
                row("quorum: then it is promoted", primaryNames(stored(won(QUORUM), "a", 1, "b", "c"), "ANY 1 (b,c)"),
                        "leader.promote", ""),
                row("quorum: but not before its processes can have taken the names over",
                        primaryNames(stored(won(QUORUM), "a", 1, "b", "c"), "ANY 1 (b,c)")
                                .memory(m -> Synchrony.tried(m, "SetStandbyNames")),
                        "sync.postpone-promotion", ""),
                row("off: the key of the old primary goes first", stored(won(OFF), "b", 0, "a"), "sync.disable",
                        "/sync - [] 0"),
                row("what was tried in vain is not promoted on",
                        stored(won(ON), "b", 0, "a").memory(m -> Synchrony.tried(m, "WriteSync")),
                        "sync.postpone-promotion", ""));
    }

    private static World primaryNames(World world, String names) {
        return primary(world, names);
    }

    private static World unlocked(String json, int quorum, String... standbys) {
        return stored(mode(World.replica().noLeader().standbyAt(1000, "", ""), json), "b", quorum, standbys);
    }

    private static PeerAnswer[] peers(long b, long c) {
        return new PeerAnswer[]{b < 0 ? PeerAnswer.unreachable("b") : World.peer("b", b),
                c < 0 ? PeerAnswer.unreachable("c") : World.peer("c", c)};
    }

    private static Stream<Arguments> race() {
        return Stream.of(
                row("a listed standby may lead", unlocked(ON, 0, "a").peers(peers(-1, 2000)), "race.acquire", ""),
                row("one that is not listed may not", unlocked(ON, 0, "c").peers(peers(-1, 500)),
                        "race.not-synchronous", ""),
                row("unless an operator wants it to",
                        unlocked(ON, 0, "c").failover(FactSpace.move("", "a", 0)).peers(peers(-1, 500)),
                        "race.acquire", ""),
                row("but not by a switchover",
                        unlocked(ON, 0, "c").failover(FactSpace.move("b", "a", 0)).peers(peers(-1, 500)),
                        "race.not-synchronous", ""),
                row("the old primary may be ahead", unlocked(ON, 0, "a", "c").peers(peers(2000, 1000)),
                        "race.acquire", ""),
                row("another listed one may not", unlocked(ON, 0, "a", "c").peers(peers(-1, 2000)), "race.defer", ""),
                row("votes must be asked for", unlocked(QUORUM, 1, "a", "c"), "race.ask-peers", ""),
                row("one vote is enough", unlocked(QUORUM, 1, "a", "c").peers(peers(-1, 1000)), "race.acquire", ""),
                row("nobody votes", unlocked(QUORUM, 1, "a", "c").peers(peers(-1, -1)), "race.no-quorum", ""),
                row("the old primary votes too", unlocked(QUORUM, 1, "a", "c").peers(peers(1000, -1)),
                        "race.acquire", ""),
                row("whoever is not listed needs one more", unlocked(QUORUM, 0, "c").peers(peers(-1, -1)),
                        "race.no-quorum", ""),
                row("and may find it", unlocked(QUORUM, 0, "c").peers(peers(-1, 1000)), "race.acquire", ""),
                row("votes count although the mode is another now", unlocked(ON, 1, "a", "c").peers(peers(-1, -1)),
                        "race.no-quorum", ""),
                row("an operator needs no votes",
                        unlocked(QUORUM, 1, "a", "c").failover(FactSpace.move("", "a", 0)).peers(peers(-1, -1)),
                        "race.acquire", ""));
    }

    private static Stream<Arguments> others() {
        return Stream.of(
                row("a primary without lease is not the one that is stored",
                        stored(mode(World.replica().noLeader().primary(1000), ON), "b", 0, "a").peers(peers(-1, -1)),
                        "primary.not-in-sync", ""),
                row("a primary without lease is", stored(mode(World.replica().noLeader().primary(1000), ON), "a", 0)
                        .peers(peers(-1, -1)), "primary.acquire", ""),
                row("a standby waits for nobody", primary(stored(mode(World.replica(), ON), "b", 0, "a"), "c"),
                        "sync.standby-names", ""),
                row("an agent that ends stands aside first", stored(mode(World.replica(), ON), "b", 0, "a").shutdown(),
                        "shutdown.stand-aside", ""),
                row("and ends when it is released", stored(mode(World.replica(), ON), "b", 0, "c").shutdown(),
                        "shutdown.stop", ""));
    }

    private static Arguments row(String situation, World world, String rule, String effect) {
        return Arguments.of(situation, world, rule, effect);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void ruleSpeaks(String situation, World world, String rule, String effect) {
        Verdict verdict = world.decide();
        assertThat(verdict.ruleId()).as(situation).isEqualTo(rule);
        switch (verdict.decision()) {
            case Decision.WriteSync write -> {
                SyncState state = write.state();
                assertThat("/sync " + state.leader().orElse("-") + " " + state.syncStandbys() + " " + state.quorum())
                        .isEqualTo(effect);
                assertThat(state.version()).isEqualTo(world.facts().cluster() instanceof Facts.ClusterView.Seen seen
                        ? seen.snapshot().sync().version()
                        : -1);
            }
            case Decision.SetStandbyNames set -> assertThat(set.names().map(names -> names.text())
                    .orElse("configuration")).isEqualTo(effect);
            default -> assertThat(effect).isEmpty();
        }
    }

    @Test
    void thePositionIsTakenFromALookThatIsLateEnough() {
        World world = primary(leads(ON, 0), "", "b sync 1000");
        world.up(Replications.primary(5000, 1).withSync(primary(leads(ON, 0), "b", "b sync 5000").facts().postgres()
                .replication().orElseThrow().sync()));
        Memory seen = SyncTracker.track(world.facts(), world.memory());
        assertThat(seen.sync().standbyNames()).isEqualTo("b");
        assertThat(seen.sync().safeLsn()).isEmpty();
        Memory soon = SyncTracker.track(world.clock(NOW + SECOND, NOW).facts(), seen);
        assertThat(soon.sync().safeLsn()).as("the same look").isEmpty();
        Memory later = SyncTracker.track(world.clock(NOW + SECOND, NOW + SECOND).facts(), seen);
        assertThat(later.sync().safeLsn()).isPresent();
    }

    @Test
    void standbysAreChosenByPriorityThenByStateThenByPosition() {
        World world = mode(World.leader(), "{\"synchronous_mode\": true, \"synchronous_node_count\": 2}");
        assertThat(picked(primary(world, "c", "b async 1000", "c sync 500", "d async 2000"), Map.of()))
                .isEqualTo("c,d");
        assertThat(picked(world, Map.of("b", Map.of("sync_priority", 2)))).isEqualTo("b,c");
        assertThat(picked(world, Map.of("c", Map.of("nosync", true)))).isEqualTo("b,d");
        assertThat(picked(world, Map.of("d", Map.of("sync_priority", 0)))).isEqualTo("b,c");
        assertThat(picked(world, Map.of("c", Map.of("nofailover", true)))).as("those that can lead come first")
                .isEqualTo("b,d");
        assertThat(picked(world, Map.of("d", Map.of("replicatefrom", "b")))).as("it will leave").isEqualTo("b,c");
        mode(world, "{\"synchronous_mode\": \"quorum\"}");
        assertThat(picked(world, Map.of("c", Map.of("nofailover", true)))).isEqualTo("b,d");
        assertThat(picked(world, Map.of())).isEqualTo("b,c,d");
        mode(world, "{\"synchronous_mode\": \"quorum\", \"maximum_lag_on_syncnode\": 1200}");
        assertThat(picked(world, Map.of())).as("c is 1500 bytes behind d").isEqualTo("b,d");
    }

    private static String picked(World world, Map<String, Map<String, Object>> tags) {
        Member[] members = Stream.of("a", "b", "c", "d").map(name -> tagged(name, tags.getOrDefault(name, Map.of())))
                .toArray(Member[]::new);
        world.members(members);
        return String.join(",", SyncCandidates.picked(new Situation(world.facts(), world.memory())));
    }

    private static Member tagged(String name, Map<String, Object> tags) {
        Member m = World.member(name, "replica");
        return new Member(m.name(), m.apiUrl(), m.connUrl(), m.proxyUrl(), Optional.of("running"), m.role(),
                m.version(), new Tags(new java.util.TreeMap<>(tags)), m.xlogLocation(), m.receiveLsn(),
                m.replayLsn(), m.replicationState(), m.timeline(), false, Map.of(), Map.of(), false, false, false);
    }
}
