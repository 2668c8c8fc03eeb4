package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.decide.CandidateLimits.Standard;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresView.Replication;

/** The leader carries out a stored request to hand over. */
final class SwitchoverRules {

    static final List<Rule> RULES = List.of(
            new Rule("switchover.stale", "The time of a scheduled move is over by more than one and a half cycles.",
                    "Patroni: what was missed, because nobody led or the cluster was paused, is not made up for.",
                    SwitchoverRules::stale),
            new Rule("switchover.needs-candidate", "A move is requested in a paused cluster and names no candidate.",
                    "Patroni: in maintenance mode nobody races unless named.", SwitchoverRules::needsCandidate),
            new Rule("switchover.ask-peers", "A requested move is due and the candidates were not asked in this cycle.",
                    "A leader steps down only for somebody who can take over.", SwitchoverRules::askPeers),
            new Rule("switchover.impossible", "A requested move is due and no candidate can take over.",
                    "Patroni: the request is dropped, the leader stays.", SwitchoverRules::impossible),
            new Rule("switchover.step-down", "A requested move is due and a candidate can take over.",
                    "Stop in order, release the lease with the position of the shutdown checkpoint.",
                    SwitchoverRules::stepDown));

    private SwitchoverRules() {
    }

    /** The request that this leader could carry out, whenever that is. */
    private static Optional<FailoverRequest> request(Situation s) {
        // A leader that is still to be promoted has nothing to hand over, and its stop shows no shutdown checkpoint to release the lease with.
        boolean leads = s.writable() || s.standbyCluster() && s.inRecovery();
        if (!s.storeSeen() || !s.holdsLease() || s.running().isPresent() || !leads
                || s.memory().gaveUpLeadership().isPresent()) {
            return Optional.empty();
        }
        return s.snapshot().failover()
                .filter(request -> request.leader().isEmpty() || request.leader().get().equals(s.self()))
                .filter(request -> request.candidate().filter(s.self()::equals).isEmpty())
                .filter(request -> request.scheduledAt().isEmpty() || !s.paused());
    }

    private static Optional<FailoverRequest> due(Situation s) {
        return request(s).filter(request -> request.isDueBy(s.facts().wallNow()));
    }

    private static Duration staleAfter(Situation s) {
        return Duration.ofMillis(s.facts().dynamic().loopWaitSeconds() * 1500L);
    }

    /** How long until a scheduled move is due, if one waits for this leader. */
    static Optional<Duration> untilDue(Situation s) {
        Instant now = s.facts().wallNow();
        return request(s).filter(request -> !request.isDueBy(now)).flatMap(FailoverRequest::scheduledAt)
                .map(at -> Duration.between(now, at.toInstant()));
    }

    private static Optional<Rule.Outcome> stale(Situation s) {
        Optional<FailoverRequest> stale = due(s).filter(request -> request.scheduledAt().isPresent())
                .filter(request -> request.isDueBy(s.facts().wallNow().minus(staleAfter(s))));
        return stale.isPresent()
                ? s.decideOnce(new Decision.ClearFailover(stale.get().version()),
                        Reason.of(Sentence.SWITCHOVER_STALE, stale.get().scheduledAt().get()))
                : pass();
    }

    private static Optional<Rule.Outcome> needsCandidate(Situation s) {
        Optional<FailoverRequest> request = due(s).filter(wanted -> wanted.candidate().isEmpty() && s.paused());
        return request.isPresent()
                ? s.decideOnce(new Decision.ClearFailover(request.get().version()),
                        Reason.of(Sentence.SWITCHOVER_PAUSED))
                : pass();
    }

    /** A request that could not be cleared for what it lacks is not carried out either. */
    private static Optional<FailoverRequest> possible(Situation s) {
        return due(s).filter(request -> request.candidate().isPresent() || !s.paused())
                .filter(request -> request.scheduledAt().isEmpty()
                        || !request.isDueBy(s.facts().wallNow().minus(staleAfter(s))));
    }

    private static List<Member> candidates(Situation s, FailoverRequest request) {
        return s.others().stream()
                .filter(member -> request.candidate().isEmpty() || request.candidate().get().equals(member.name()))
                .toList();
    }

    private static Optional<Rule.Outcome> askPeers(Situation s) {
        Optional<FailoverRequest> request = possible(s);
        if (request.isEmpty() || s.peers().isPresent()) {
            return pass();
        }
        List<Member> candidates = candidates(s, request.get());
        return s.decide(new Decision.AskPeers(candidates), Reason.of(Sentence.ASK_PEERS, RaceRules.names(candidates)));
    }

    /** In quorum mode whoever takes over must find votes; a candidate that is named finds them later if need be (Patroni). */
    private static Optional<PeerAnswer> best(Situation s, FailoverRequest request) {
        List<PeerAnswer> good = good(s, request);
        boolean byVotes = s.facts().dynamic().isQuorum() && request.candidate().isEmpty();
        return byVotes && good.size() <= s.snapshot().sync().quorum()
                ? Optional.empty()
                : good.stream().min(CandidateLimits.preference());
    }

    private static List<PeerAnswer> good(Situation s, FailoverRequest request) {
        Standard standard = new Standard(s.replication().map(Replication::walPosition).orElse(Lsn.ZERO),
                s.timeline() > 0 ? OptionalInt.of(s.timeline()) : OptionalInt.empty(),
                s.facts().dynamic().maximumLagOnFailoverBytes(), CandidateLimits.syncThatMatters(s, request));
        List<Member> candidates = candidates(s, request);
        return s.peers().orElse(List.of()).stream()
                .filter(peer -> candidates.stream().anyMatch(member -> member.name().equals(peer.name())))
                .filter(peer -> CandidateLimits.of(peer, standard).isEmpty()).toList();
    }

    private static Optional<Rule.Outcome> impossible(Situation s) {
        Optional<FailoverRequest> request = possible(s);
        return request.isPresent() && best(s, request.get()).isEmpty()
                ? s.decideOnce(new Decision.ClearFailover(request.get().version()),
                        Reason.of(Sentence.SWITCHOVER_IMPOSSIBLE))
                : pass();
    }

    private static Optional<Rule.Outcome> stepDown(Situation s) {
        Optional<FailoverRequest> request = possible(s);
        Optional<PeerAnswer> best = request.flatMap(wanted -> best(s, wanted));
        if (best.isEmpty()) {
            return pass();
        }
        String candidate = best.get().name();
        Memory memory = s.memory()
                .withGaveUpLeadership(Optional.of(s.inSeconds(s.facts().dynamic().loopWaitSeconds())));
        return s.decide(new Decision.Begin(new Action.Demote(Action.Demote.Mode.GRACEFUL,
                s.primaryStopTimeoutSeconds())), memory,
                Reason.of(Sentence.SWITCHOVER, candidate));
    }
}
