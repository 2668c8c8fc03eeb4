package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jpatroni.decide.CandidateRanking.Standing;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.Upstream;

/** Nobody holds the lease, and this node is a standby. */
final class RaceRules {

    /**
     * How far past the leader's last stored position a standby may be without that looking like a primary that is still writing: the
     * shutdown checkpoint record with its page header.
     */
    static final long SHUTDOWN_RECORD_BYTES = 512;

    /** Nobody leads and nobody can write: look again soon, also where no event will tell. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(300);

    /** Takes the key some 50 ms after its release. */
    private static final Duration CANDIDATE_FIRST = Duration.ofMillis(500);

    /** The last record takes a millisecond; a primary whose agent is gone may stream for ever. */
    private static final Duration LAST_RECORD_LIMIT = Duration.ofMillis(300);
    private static final Duration LAST_RECORD_LOOK = Duration.ofMillis(5);
    /** Asking others is dearer than looking at one's own receiver. */
    private static final Duration RECEIVER_LOOK = Duration.ofMillis(50);

    static final List<Rule> RULES = List.of(
            new Rule("race.paused", "No leader, the cluster is paused, and nobody asked this member to take over.",
                    "Patroni: no automatic failover in maintenance mode.", RaceRules::paused),
            new Rule("race.not-allowed", "No leader, and this member must not lead.",
                    "Patroni: nofailover, failover_priority 0.", RaceRules::notAllowed),
            new Rule("race.watchdog-unusable", "No leader, and the watchdog that this member requires cannot be used.",
                    "Patroni: watchdog.mode required. It could not be promoted; others need not lose time to it.",
                    RaceRules::watchdogUnusable),
            new Rule("race.gave-up", "No leader: this member itself released the lock a moment ago.",
                    "Who could not start must not win it back at once.", RaceRules::gaveUp),
            new Rule("race.not-synchronous",
                    "No leader, synchronous mode is on, and this member is not listed under /sync.",
                    "Patroni: it may lack what was acknowledged. In quorum mode it may win by votes, except in a switchover; a failover by hand to this member is the operator's own risk.",
                    RaceRules::notSynchronous),
            new Rule("race.lagging", "No leader, and this member is too far behind the last known position.",
                    "Patroni: maximum_lag_on_failover. A failover by hand to this member is the operator's own risk.",
                    RaceRules::lagging),
            new Rule("race.timeline-behind",
                    "No leader, check_timeline is on, and this member's timeline is not the latest.",
                    "Patroni: check_timeline.", RaceRules::timelineBehind),
            new Rule("race.back-off",
                    "No leader, primary_race_backoff is set and not over, and WAL of the old primary has come in within the last loop_wait.",
                    "Patroni: primary_race_backoff. An agent that is gone for a moment is no reason to move a primary that works.",
                    RaceBackoff::backOff),
            new Rule("race.await-last-record",
                    "No leader, and what the old primary stored as its last position is still on its way to this standby.",
                    "The lock is released when the shutdown checkpoint is written, a moment before standbys have it; who is promoted without it makes the old primary diverge.",
                    RaceRules::awaitLastRecord),
            new Rule("race.cut-stream", "No leader, but the old primary still streams to this standby.",
                    "Two standbys that still receive see each other ahead in turn and refuse each other for a whole cycle: positions are compared after the stream was cut.",
                    RaceRules::cutStream),
            new Rule("race.let-candidate",
                    "No leader since less than half a second, and a requested move names another member, which was running.",
                    "It is about to take the key: who asks it questions now keeps it from that. If it does not, all are asked.",
                    RaceRules::letCandidate),
            new Rule("race.ask-peers", "No leader, and the others were not asked in this cycle.",
                    "Patroni: the leader race compares positions over the REST API. Whom a request names, and who has all that the old primary has stored, need not ask.",
                    RaceRules::askPeers),
            new Rule("race.primary-alive", "No leader, and another member's PostgreSQL accepts writes.",
                    "It will take the lease back, or stop.", RaceRules::primaryAlive),
            new Rule("race.wait-candidate", "No leader, and a requested move names another member that can take over.",
                    "A manual candidate is honoured.", RaceRules::waitCandidate),
            new Rule("race.await-receiver",
                    "No leader, this standby does not stream and has nothing past the stored last position, and another one as far streams.",
                    "The shutdown checkpoint of the old primary may be on its way to that one: whoever is promoted without it makes both of them diverge.",
                    RaceRules::awaitReceiver),
            new Rule("race.await-preferred",
                    "No leader, the old primary stopped in order, and a member with a higher failover_priority lacks nothing but its last record.",
                    "All standbys are sent that record: failover_priority decides, not who has it some milliseconds earlier. Not for long.",
                    RaceRules::awaitPreferred),
            new Rule("race.defer", "No leader, and another member is ahead, or equal with a higher priority.",
                    "Patroni: the most advanced member wins; failover_priority among equals.", RaceRules::defer),
            new Rule("race.no-quorum",
                    "No leader, synchronous mode is on, and fewer listed members than /sync asks for are seen not to be ahead.",
                    "Patroni: quorum. Only that many together are sure to know the last acknowledged commit.",
                    RaceRules::noQuorum),
            new Rule("race.acquire", "No leader, and nobody is better.", "The store decides between equals.",
                    RaceRules::acquire),
            new Rule("race.unconfirmed", "The lease was asked for in this cycle and not granted.",
                    "Unknown never promotes; look again.", RaceRules::unconfirmed),
            new Rule("race.own-key-unconfirmed",
                    "The leader key carries this standby's name, and the store did not confirm the lease in this cycle.",
                    "Nobody else can lead until that key ends; the next cycle asks again.",
                    RaceRules::ownKeyUnconfirmed));

    private RaceRules() {
    }

    static boolean applies(Situation s) {
        return s.storeSeen() && s.inRecovery() && s.snapshot().isUnlocked() && s.running().isEmpty();
    }

    static String names(List<Member> members) {
        return members.stream().map(Member::name).collect(Collectors.joining(", "));
    }

    /** The stored request, unless its time has not come: then it says nothing about this race. Clocks may differ by a cycle. */
    static Optional<FailoverRequest> request(Situation s) {
        Instant soon = s.facts().wallNow().plusSeconds(s.facts().dynamic().loopWaitSeconds());
        return s.snapshot().failover().filter(request -> request.isDueBy(soon));
    }

    private static boolean namesMe(Situation s) {
        return request(s).flatMap(FailoverRequest::candidate).filter(s.self()::equals).isPresent();
    }

    private static Optional<Rule.Outcome> rest(Situation s, Reason reason) {
        return MemberRules.publishIfDue(s).or(() -> s.decide(new Decision.Rest(LOOK_AGAIN), reason));
    }

    private static Optional<Rule.Outcome> paused(Situation s) {
        if (!applies(s) || !s.paused() || s.isNamedCandidate()) {
            return pass();
        }
        if (s.facts().role() != PostgresRole.REPLICA && s.facts().role() != PostgresRole.STANDBY_LEADER) {
            return s.decide(new Decision.ShowRole(PostgresRole.REPLICA),
                    Reason.of(Sentence.SHOW_ROLE, PostgresRole.REPLICA.wireText()));
        }
        return MemberRules.publishIfDue(s).or(() -> s.rest(Reason.of(Sentence.PAUSED_NO_ACTION, s.self())));
    }

    private static Optional<Rule.Outcome> notAllowed(Situation s) {
        return applies(s) && s.facts().tags().failoverPriority() <= 0
                ? rest(s, Reason.of(Sentence.NOT_ALLOWED))
                : pass();
    }

    private static Optional<Rule.Outcome> watchdogUnusable(Situation s) {
        return applies(s) && s.facts().watchdog().isInTheWay() && !s.standbyCluster()
                ? rest(s, Reason.of(Sentence.WATCHDOG_UNUSABLE))
                : pass();
    }

    private static Optional<Rule.Outcome> gaveUp(Situation s) {
        boolean waiting = s.memory().gaveUpLeadership().filter(until -> !s.isPast(until)).isPresent();
        return applies(s) && waiting && !namesMe(s) ? rest(s, Reason.of(Sentence.GAVE_UP)) : pass();
    }

    private static SyncRace synchronous(Situation s) {
        return SyncRace.of(s, request(s));
    }

    private static Optional<Rule.Outcome> notSynchronous(Situation s) {
        return applies(s) && synchronous(s).isExcluded() ? rest(s, Reason.of(Sentence.NOT_SYNCHRONOUS)) : pass();
    }

    private static Optional<Rule.Outcome> noQuorum(Situation s) {
        int missing = applies(s) ? synchronous(s).missingVotes() : 0;
        return missing > 0 ? rest(s, Reason.of(Sentence.NO_QUORUM, missing)) : pass();
    }

    private static Optional<Rule.Outcome> lagging(Situation s) {
        boolean forced = namesMe(s) && request(s).filter(wanted -> wanted.leader().isEmpty()).isPresent();
        if (!applies(s) || s.standbyCluster() || forced) {
            return pass();
        }
        Lsn mine = s.replication().orElseThrow().walPosition();
        long lagBytes = s.snapshot().status().leaderLsn().minus(mine);
        return lagBytes > s.facts().dynamic().maximumLagOnFailoverBytes()
                ? rest(s, Reason.of(Sentence.LAGGING))
                : pass();
    }

    private static Optional<Rule.Outcome> timelineBehind(Situation s) {
        int known = s.snapshot().history().latestTimeline();
        return applies(s) && s.facts().dynamic().checkTimeline() && !s.standbyCluster() && s.timeline() > 0
                && s.timeline() < known
                        ? rest(s, Reason.of(Sentence.TIMELINE_BEHIND, s.timeline(), known))
                        : pass();
    }

    /** How far this standby is past the position that the old primary stored last. */
    private static long pastKnownBytes(Situation s) {
        return s.replication().orElseThrow().walPosition().minus(s.snapshot().status().leaderLsn());
    }

    private static Optional<Rule.Outcome> awaitLastRecord(Situation s) {
        return s.streaming() && lacksLastRecord(s) ? standBack(s, LAST_RECORD_LOOK) : pass();
    }

    private static Optional<Rule.Outcome> awaitReceiver(Situation s) {
        if (s.streaming() || !lacksLastRecord(s) || namesMe(s)) {
            return pass();
        }
        Lsn mine = s.replication().orElseThrow().walPosition();
        boolean receives = s.peers().orElse(List.of()).stream()
                .anyMatch(peer -> peer.streaming() && CandidateLimits.ofAbility(peer).isEmpty()
                        && peer.walPosition().filter(theirs -> theirs.minus(mine) >= 0).isPresent());
        return receives ? standBack(s, RECEIVER_LOOK) : pass();
    }

    private static Optional<Rule.Outcome> awaitPreferred(Situation s) {
        if (!applies(s) || s.standbyCluster() || namesMe(s) || waitedForRecord(s) || pastKnownBytes(s) <= 0
                || pastKnownBytes(s) > SHUTDOWN_RECORD_BYTES) {
            return pass();
        }
        Lsn mine = s.replication().orElseThrow().walPosition();
        boolean comes = s.peers().orElse(List.of()).stream()
                .anyMatch(peer -> CandidateLimits.ofAbility(peer).isEmpty()
                        && peer.tags().failoverPriority() > s.facts().tags().failoverPriority()
                        && peer.walPosition().map(mine::minus)
                                .filter(lacks -> lacks > 0 && lacks <= SHUTDOWN_RECORD_BYTES).isPresent());
        return comes ? standBack(s, RECEIVER_LOOK) : pass();
    }

    /** Whether the last record of an orderly stop may be missing here, and was not waited for long enough. */
    private static boolean lacksLastRecord(Situation s) {
        return applies(s) && !s.standbyCluster() && !waitedForRecord(s) && pastKnownBytes(s) <= 0
                && !s.snapshot().status().leaderLsn().equals(Lsn.ZERO);
    }

    private static boolean waitedForRecord(Situation s) {
        return s.memory().deferringSinceNanos()
                .filter(since -> s.since(since).compareTo(LAST_RECORD_LIMIT) > 0).isPresent();
    }

    private static Optional<Rule.Outcome> standBack(Situation s, Duration rest) {
        Memory memory = s.memory().deferringSinceNanos().isPresent()
                ? s.memory()
                : s.memory().withDeferringSince(Optional.of(s.facts().nowNanos()));
        return s.decide(new Decision.Rest(rest), memory, Reason.of(Sentence.AWAIT_LAST_RECORD));
    }

    private static Optional<Rule.Outcome> cutStream(Situation s) {
        if (!applies(s) || !s.streaming() || s.standbyCluster() || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        Replication replication = s.replication().orElseThrow();
        if (pastKnownBytes(s) <= SHUTDOWN_RECORD_BYTES
                || UpstreamRules.isFollowing(replication, new Upstream.Nobody())) {
            return pass();
        }
        return s.decide(new Decision.Begin(new Action.Follow(PostgresRole.REPLICA, new Upstream.Nobody())),
                Reason.of(Sentence.CUT_STREAM));
    }

    private static Optional<Rule.Outcome> letCandidate(Situation s) {
        if (!applies(s) || s.peers().isPresent() || s.leaseAttemptedThisCycle() || s.memory().deferringSinceNanos()
                .filter(since -> s.since(since).compareTo(CANDIDATE_FIRST) > 0).isPresent()) {
            return pass();
        }
        Optional<Member> candidate = request(s).flatMap(FailoverRequest::candidate)
                .flatMap(name -> s.others().stream().filter(member -> member.name().equals(name)).findFirst())
                .filter(Member::isRunning);
        if (candidate.isEmpty()) {
            return pass();
        }
        Memory memory = s.memory().deferringSinceNanos().isPresent()
                ? s.memory()
                : s.memory().withDeferringSince(Optional.of(s.facts().nowNanos()));
        return s.decide(new Decision.Rest(LOOK_AGAIN), memory,
                Reason.of(Sentence.WAIT_CANDIDATE, candidate.get().name()));
    }

    private static Optional<Rule.Outcome> askPeers(Situation s) {
        return applies(s) && s.peers().isEmpty() && !s.leaseAttemptedThisCycle() && !isHandedOverToMe(s)
                ? s.decide(new Decision.AskPeers(s.rivals()), Reason.of(Sentence.ASK_PEERS, names(s.rivals())))
                : pass();
    }

    private static boolean isHandedOverToMe(Situation s) {
        return namesMe(s) && !synchronous(s).needsVotes() && pastKnownBytes(s) > 0
                && pastKnownBytes(s) <= SHUTDOWN_RECORD_BYTES;
    }

    private static Optional<Rule.Outcome> primaryAlive(Situation s) {
        if (!applies(s) || s.standbyCluster()) {
            return pass();
        }
        return s.peers().orElse(List.of()).stream()
                .filter(peer -> peer.reachable() && !peer.inRecovery())
                .findFirst()
                .flatMap(peer -> rest(s, Reason.of(Sentence.PEER_PRIMARY_ALIVE, peer.name())));
    }

    private static Optional<Rule.Outcome> waitCandidate(Situation s) {
        Optional<String> candidate = request(s).flatMap(FailoverRequest::candidate)
                .filter(name -> !name.equals(s.self()));
        if (!applies(s) || candidate.isEmpty() || waitedTooLong(s)) {
            return pass();
        }
        boolean able = s.peers().orElse(List.of()).stream()
                .anyMatch(peer -> peer.name().equals(candidate.get()) && CandidateLimits.ofAbility(peer).isEmpty()
                        && !synchronous(s).excludes(peer.name()));
        return able ? deferTo(s, Reason.of(Sentence.WAIT_CANDIDATE, candidate.get())) : pass();
    }

    private static Optional<Rule.Outcome> defer(Situation s) {
        if (!applies(s) || namesMe(s)) {
            return pass();
        }
        Replication mine = s.replication().orElseThrow();
        Optional<Standing> better = better(s);
        if (better.isEmpty() || waitedTooLong(s) && better.get().position().minus(mine.walPosition()) <= s.facts()
                .dynamic().maximumLagOnFailoverBytes()) {
            return pass();
        }
        return deferTo(s, whyBetter(s, better.get()));
    }

    private static Reason whyBetter(Situation s, Standing better) {
        boolean ahead = !better.position().equals(s.replication().orElseThrow().walPosition())
                || better.priority() <= s.facts().tags().failoverPriority();
        return ahead
                ? Reason.of(Sentence.PEER_AHEAD, better.name())
                : Reason.of(Sentence.PEER_PRIORITY, better.name(), better.priority(),
                        s.facts().tags().failoverPriority());
    }

    private static Optional<Standing> better(Situation s) {
        Replication mine = s.replication().orElseThrow();
        return CandidateRanking.better(
                new Standing(s.self(), mine.walPosition(), s.timeline(), s.facts().tags().failoverPriority()),
                synchronous(s).rivals(s.peers().orElse(List.of())));
    }

    /** Why the race of this cycle went to whoever leads now: it was over before this member came to its own conclusion. */
    static Optional<Reason> lost(Situation s) {
        return s.peers().isPresent() && s.replication().isPresent()
                ? better(s).filter(winner -> winner.name().equals(s.leaderName())).map(winner -> whyBetter(s, winner))
                : Optional.empty();
    }

    /** Whoever should have taken over had a whole cycle and a store timeout for it: better us than nobody. */
    private static boolean waitedTooLong(Situation s) {
        Duration limit = Duration
                .ofSeconds(s.facts().dynamic().loopWaitSeconds() + s.facts().dynamic().retryTimeoutSeconds());
        return s.memory().deferringSinceNanos().filter(since -> s.since(since).compareTo(limit) > 0).isPresent();
    }

    private static Optional<Rule.Outcome> deferTo(Situation s, Reason reason) {
        Optional<Rule.Outcome> publish = MemberRules.publishIfDue(s);
        if (publish.isPresent()) {
            return publish;
        }
        Memory memory = s.memory().deferringSinceNanos().isPresent()
                ? s.memory()
                : s.memory().withDeferringSince(Optional.of(s.facts().nowNanos()));
        return s.decide(new Decision.Rest(LOOK_AGAIN), memory, reason);
    }

    private static Optional<Rule.Outcome> acquire(Situation s) {
        return applies(s) && !s.leaseAttemptedThisCycle()
                ? s.decide(new Decision.AcquireLease(), Reason.of(Sentence.ACQUIRE))
                : pass();
    }

    private static Optional<Rule.Outcome> unconfirmed(Situation s) {
        return applies(s) ? rest(s, Reason.of(Sentence.ACQUIRE_UNCONFIRMED)) : pass();
    }

    private static Optional<Rule.Outcome> ownKeyUnconfirmed(Situation s) {
        boolean named = s.storeSeen() && s.snapshot().isLeader(s.self());
        return named && s.inRecovery() && !s.holdsLease() && s.running().isEmpty()
                ? rest(s, Reason.of(Sentence.ACQUIRE_UNCONFIRMED))
                : pass();
    }
}
