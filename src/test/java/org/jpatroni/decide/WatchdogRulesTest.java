package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.decide.Fencing.AUTOMATIC;
import static org.jpatroni.decide.Fencing.AUTOMATIC_UNUSABLE;
import static org.jpatroni.decide.Fencing.REQUIRED;
import static org.jpatroni.decide.Fencing.REQUIRED_UNUSABLE;
import static org.jpatroni.decide.Fencing.active;
import static org.jpatroni.decide.Fencing.tried;
import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The watchdog device: open before anything is promoted, and nothing leads without it where it is required. */
class WatchdogRulesTest {

    static Stream<Arguments> rows() {
        return Stream.of(
                row("opened before the promotion", standbyWithLease().watchdog(REQUIRED), "watchdog.activate"),
                row("in automatic mode too", standbyWithLease().watchdog(AUTOMATIC), "watchdog.activate"),
                row("then promoted", standbyWithLease().watchdog(active(25)), "leader.promote"),
                row("required and refused: the key is given up", tried(standbyWithLease().watchdog(REQUIRED_UNUSABLE)),
                        "watchdog.not-promoting"),
                row("automatic and refused: promoted all the same",
                        tried(standbyWithLease().watchdog(AUTOMATIC_UNUSABLE)), "leader.promote"),
                row("a primary that was adopted opens it", World.leader().watchdog(REQUIRED), "watchdog.activate"),
                row("a primary renews first",
                        World.leader().lease(NOW - 3 * SECOND, NOW + 27 * SECOND).watchdog(REQUIRED),
                        "watchdog.renew-first"),
                row("a lease just acquired on an older session is renewed first",
                        standbyWithLease().lease(new Facts.LeaseView.Held(NOW - SECOND, NOW + 29 * SECOND, NOW + 1))
                                .watchdog(REQUIRED),
                        "watchdog.renew-first"),
                row("the renewal was in vain: nothing is promoted",
                        renewed(standbyWithLease().lease(NOW - SECOND, NOW + 29 * SECOND).watchdog(REQUIRED)),
                        "watchdog.wait"),
                row("required and lost: a primary stops", tried(World.leader().watchdog(REQUIRED_UNUSABLE)),
                        "watchdog.demote"),
                row("automatic and lost: a primary goes on", tried(World.leader().watchdog(AUTOMATIC_UNUSABLE)),
                        "leader.rest"),
                row("opened before a crashed primary starts again",
                        World.leader().stopped("in production", false).watchdog(REQUIRED), "watchdog.activate"),
                row("required and refused: a crashed primary does not start as one",
                        tried(World.leader().stopped("in production", false).watchdog(REQUIRED_UNUSABLE)),
                        "watchdog.not-promoting"),
                row("required and refused while it starts: stopped",
                        tried(World.leader().watchdog(REQUIRED_UNUSABLE)
                                .running(new Action.Start(PostgresRole.PRIMARY, Optional.empty(), 300))),
                        "watchdog.demote"),
                row("not in a paused cluster", World.leader().watchdog(REQUIRED).paused(), "leader.rest"),
                row("not on the way out", World.leader().watchdog(REQUIRED).shutdown(), "shutdown.stop"),
                row("not while a primary is stopped",
                        World.leader().watchdog(REQUIRED).running(new Action.Demote(Action.Demote.Mode.GRACEFUL)),
                        "action.wait"),
                row("not on a standby", World.replica().watchdog(REQUIRED), "follower.rest"),
                row("an unusable device does not disturb a standby", World.replica().watchdog(REQUIRED_UNUSABLE),
                        "follower.rest"),
                row("race: required and unusable", racer().watchdog(REQUIRED_UNUSABLE), "race.watchdog-unusable"),
                row("race: automatic and unusable", racer().watchdog(AUTOMATIC_UNUSABLE), "race.acquire"),
                row("race: required and closed", racer().watchdog(REQUIRED), "race.acquire"),
                row("no cluster is begun without the device that is required",
                        World.empty().noLeader().initialize(Optional.empty()).watchdog(REQUIRED_UNUSABLE),
                        "watchdog.no-bootstrap"),
                row("a copy is made without it", World.empty().watchdog(REQUIRED_UNUSABLE), "bootstrap.clone"),
                row("the store is down, and the device acts within the stop budget",
                        World.leader().storeDown().lease(NOW - 20 * SECOND, NOW + 10 * SECOND).watchdog(active(5)),
                        "store-down.demote"),
                row("the store is down, and the device leaves time",
                        World.leader().storeDown().lease(NOW - 19 * SECOND, NOW + 11 * SECOND).watchdog(active(6)),
                        "store-down.hold"),
                row("not promoted when the device is about to act", standbyWithLease().watchdog(active(4)),
                        "leader.promote-later"));
    }

    private static World standbyWithLease() {
        return World.leader().standbyAt(1000, "", "");
    }

    private static World renewed(World world) {
        return world.memory(m -> m.withTried(new java.util.TreeMap<>(Map.of("RenewLease", NOW + 1))));
    }

    private static World racer() {
        return World.replica().noLeader().standbyAt(1000, "b", "").peers(World.peer("b", 900), World.peer("c", 1000));
    }

    private static Arguments row(String situation, World world, String ruleId) {
        return Arguments.of(situation, world, ruleId);
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("rows")
    void ruleOfTheSituation(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }

    @Test
    void refusedPromotionLetsOthersFirst() {
        Verdict verdict = tried(standbyWithLease().watchdog(REQUIRED_UNUSABLE)).decide();

        assertThat(verdict.decision()).isInstanceOf(Decision.ReleaseLease.class);
        assertThat(verdict.memory().gaveUpLeadership()).isPresent();
        assertThat(verdict.reason().text()).isEqualTo("Not promoting self because watchdog could not be activated");
    }

    @Test
    void deviceIsTriedOnceInACycle() {
        World world = standbyWithLease().watchdog(REQUIRED);
        Verdict first = world.decide();
        Verdict second = world.memory(m -> first.memory()).decide();

        assertThat(second.ruleId()).isEqualTo("watchdog.not-promoting");
    }

    @Test
    void deviceThatActsEarlyShortensTheStopBudget() {
        DynamicConfig dynamic = DynamicConfig.DEFAULT;
        assertThat(Situation.stopBudget(dynamic, active(25))).isEqualTo(Duration.ofSeconds(5));
        assertThat(Situation.stopBudget(dynamic, new org.jpatroni.model.WatchdogStatus(true, true,
                org.jpatroni.model.WatchdogStatus.State.ACTIVE, 15, Optional.of(NOW)))).hasMillis(2500);
        assertThat(Situation.stopBudget(dynamic, REQUIRED)).isEqualTo(Duration.ofSeconds(5));
    }

    static Stream<Arguments> races() {
        String waits = "race.back-off";
        return Stream.of(
                row("switched off", streams(1000).dynamic(d -> Fencing.backoff(0)), "race.await-last-record"),
                row("first look", streams(1000).dynamic(d -> Fencing.backoff(30)), waits),
                row("has moved since", Fencing.since(streams(1100), 25, NOW - 15 * SECOND), waits),
                row("moved a moment ago", Fencing.since(streams(1000), 25, NOW - 9 * SECOND), waits),
                row("has not moved for a loop_wait", Fencing.since(streams(1000), 15, NOW - 11 * SECOND),
                        "race.await-last-record"),
                row("over", Fencing.since(streams(90_000), 31, NOW - SECOND), "race.cut-stream"),
                row("does not stream any more",
                        Fencing.since(World.replica().noLeader().standbyAt(2000, "b", ""), 5, NOW), "race.ask-peers"),
                row("a candidate is named",
                        Fencing.since(streams(2000), 5, NOW).failover(new org.jpatroni.model.FailoverRequest(
                                Optional.empty(), Optional.of("a"), Optional.empty(), Optional.empty(), 7)),
                        "race.cut-stream"),
                row("paused", Fencing.since(streams(2000), 5, NOW).paused(), "race.paused"),
                row("must not lead anyway", Fencing.since(streams(2000), 5, NOW).tags(Map.of("nofailover", true)),
                        "race.not-allowed"));
    }

    private static World streams(long position) {
        return World.replica().noLeader().standbyAt(position, "b", "streaming");
    }

    @ParameterizedTest(name = "primary_race_backoff: {0}: {2}")
    @MethodSource("races")
    void raceWaitsForAPrimaryThatWrites(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }

    @Test
    void backoffSaysWhyAndEndsWithTheNextLeader() {
        World world = streams(1000).dynamic(d -> Fencing.backoff(30));
        Verdict verdict = world.decide();

        assertThat(verdict.reason().text())
                .isEqualTo("My (a) wal position moved since last heart beat loop, 30 seconds until leader race");
        assertThat(verdict.memory().backoff().sinceNanos()).isPresent();
        Verdict led = world.memory(m -> verdict.memory()).leaderKey("c", false).decide();
        assertThat(led.memory().backoff()).isEqualTo(Memory.Backoff.NOTHING);
    }

    static Stream<Arguments> limits() {
        return Stream.of(
                row("as far behind as maximum_lag_on_failover", lags("{}", 1_048_576), "race.acquire"),
                row("a byte further", lags("{}", 1_048_577), "race.lagging"),
                row("with a limit of its own", lags("{\"maximum_lag_on_failover\": 10}", 11), "race.lagging"),
                row("a number as text", lags("{\"maximum_lag_on_failover\": \"2000000\"}", 1_500_000), "race.acquire"),
                row("a preferred member lacks the last record", preferredLacks(1100, 1000, -1), "race.await-preferred"),
                row("a preferred member lacks more", preferredLacks(1100, 500, -1), "race.acquire"),
                row("the old primary did not stop in order", preferredLacks(1000, 900, -1), "race.acquire"),
                row("waited for the preferred member long enough", preferredLacks(1100, 1000, 1), "race.acquire"),
                row("the preferred member has it too", preferredLacks(1100, 1100, -1), "race.defer"),
                row("check_timeline, on an older timeline",
                        racer().history(2).dynamic(d -> config("{\"check_timeline\": true}")), "race.timeline-behind"),
                row("check_timeline, on the latest",
                        racer().history(1).dynamic(d -> config("{\"check_timeline\": true}")), "race.acquire"),
                row("no check_timeline, on an older timeline", racer().history(2), "race.acquire"),
                row("primary_start_timeout 0 fails over at once", crashed("{\"primary_start_timeout\": 0}"),
                        "recovery.give-up"),
                row("master_start_timeout is its old name", crashed("{\"master_start_timeout\": 0}"),
                        "recovery.give-up"),
                row("the new name counts where both are",
                        crashed("{\"primary_start_timeout\": 300, \"master_start_timeout\": 0}"),
                        "recovery.restart-primary"));
    }

    private static World preferredLacks(long mine, long theirs, int waitedSeconds) {
        World world = World.replica().noLeader().standbyAt(mine, "b", "").peers(Fencing.preferred(theirs));
        return waitedSeconds < 0
                ? world
                : world.memory(m -> m.withDeferringSince(Optional.of(NOW - waitedSeconds * SECOND)));
    }

    private static DynamicConfig config(String json) {
        return DynamicConfigReader.read(json, DynamicConfig.DEFAULT).config();
    }

    private static World lags(String json, long bytes) {
        return racer().dynamic(d -> config(json)).status(new org.jpatroni.model.StoredStatus(
                new org.jpatroni.model.Lsn(1000 + bytes), new java.util.TreeMap<>(), java.util.List.of()));
    }

    private static World crashed(String json) {
        return World.leader().stopped("in production", false).role(PostgresRole.DEMOTED).dynamic(d -> config(json));
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("limits")
    void limitsOfARace(String situation, World world, String ruleId) {
        assertThat(world.decide().ruleId()).as(situation).isEqualTo(ruleId);
    }
}
