package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;

/** This node holds the lease of a standby cluster: it follows a server outside of the cluster, and nobody here accepts writes. */
final class StandbyLeaderRules {

    static final List<Rule> RULES = List.of(
            new Rule("standby-leader.demote-cluster",
                    "This node leads and accepts writes, and the cluster has become a standby cluster.",
                    "Patroni: there is no real primary in a standby cluster. It comes back as the standby leader, so the lease is kept; WAL up to the shutdown is archived for who follows by the archive.",
                    StandbyLeaderRules::demoteCluster),
            new Rule("standby-leader.follow-remote",
                    "This node leads a standby cluster and does not follow the remote server, or its archive, yet.",
                    "Patroni: standby cluster.", StandbyLeaderRules::followRemote),
            new Rule("standby-leader.heal", "The standby leader's history has left that of the remote primary.",
                    "The remote was promoted without what was received here: pg_rewind against it. The data are never thrown away, as nobody here has better ones.",
                    StandbyLeaderRules::heal),
            new Rule("standby-leader.check-divergence",
                    "The standby leader does not stream from the remote server.",
                    "The remote is not reachable or not a primary, or the histories have parted.",
                    StandbyLeaderRules::checkDivergence));

    private StandbyLeaderRules() {
    }

    private static boolean applies(Situation s) {
        return s.holdsLease() && s.running().isEmpty() && s.replication().isPresent() && s.standbyCluster();
    }

    /** Whether this is a standby leader that has a remote server to stream from, and does not. */
    static boolean seeksRemote(Situation s) {
        return applies(s) && s.inRecovery() && !s.streaming() && UpstreamRules.authority(s).isPresent();
    }

    static Duration restUntilCheck(Situation s) {
        Duration next = FollowerRules.untilNextCheck(s);
        return s.paused() || next.isZero() || next.compareTo(s.restOfCycle()) > 0 ? s.restOfCycle() : next;
    }

    private static Optional<Rule.Outcome> demoteCluster(Situation s) {
        return applies(s) && s.writable() && !s.paused()
                ? s.decide(new Decision.Begin(new Action.Demote(Action.Demote.Mode.STANDBY_CLUSTER)),
                        Reason.of(Sentence.DEMOTE_STANDBY_CLUSTER))
                : pass();
    }

    private static Optional<Rule.Outcome> followRemote(Situation s) {
        if (!applies(s) || !s.inRecovery() || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        Upstream remote = UpstreamRules.remote(s);
        boolean settled = UpstreamRules.isFollowing(s.replication().orElseThrow(), remote)
                && s.facts().role() == PostgresRole.STANDBY_LEADER;
        return settled
                ? pass()
                : s.decide(new Decision.Begin(new Action.Follow(PostgresRole.STANDBY_LEADER, remote)),
                        s.memory().withDivergence(Divergence.NOTHING), Reason.of(Sentence.STANDBY_LEADER_PROMOTE));
    }

    private static Optional<Rule.Outcome> heal(Situation s) {
        return seeksRemote(s) ? FollowerRules.healDivergence(s) : pass();
    }

    private static Optional<Rule.Outcome> checkDivergence(Situation s) {
        return seeksRemote(s) && !s.paused() && FollowerRules.mayCheckNow(s) ? FollowerRules.ask(s) : pass();
    }
}
