package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresView.Replication;

/** The leader carries out a stored request to hand over. */
final class SwitchoverRules {

    static final List<Rule> RULES = List.of(
            new Rule("switchover.ask-peers", "A requested move is due and the candidates were not asked in this cycle.",
                    "A leader steps down only for somebody who can take over.", SwitchoverRules::askPeers),
            new Rule("switchover.impossible", "A requested move is due and no candidate can take over.",
                    "Patroni: the request is dropped, the leader stays.", SwitchoverRules::impossible),
            new Rule("switchover.step-down", "A requested move is due and a candidate can take over.",
                    "Stop in order, release the lease with the position of the shutdown checkpoint.",
                    SwitchoverRules::stepDown));

    private SwitchoverRules() {
    }

    private static Optional<FailoverRequest> due(Situation s) {
        // A leader that is still to be promoted has nothing to hand over, and its stop shows no shutdown checkpoint to release the lease with.
        boolean leads = s.writable() || s.standbyCluster() && s.inRecovery();
        if (!s.storeSeen() || !s.holdsLease() || s.running().isPresent() || !leads
                || s.memory().gaveUpLeadership().isPresent()) {
            return Optional.empty();
        }
        return s.snapshot().failover()
                .filter(request -> request.leader().isEmpty() || request.leader().get().equals(s.self()))
                .filter(request -> request.candidate().filter(s.self()::equals).isEmpty())
                .filter(request -> request.scheduledAt().isEmpty()
                        || !request.scheduledAt().get().toInstant().isAfter(s.facts().wallNow()) && !s.paused());
    }

    private static List<Member> candidates(Situation s, FailoverRequest request) {
        return s.others().stream()
                .filter(member -> request.candidate().isEmpty() || request.candidate().get().equals(member.name()))
                .toList();
    }

    private static Optional<Rule.Outcome> askPeers(Situation s) {
        Optional<FailoverRequest> request = due(s);
        if (request.isEmpty() || s.peers().isPresent()) {
            return pass();
        }
        List<Member> candidates = candidates(s, request.get());
        return s.decide(new Decision.AskPeers(candidates), Reason.of(Sentence.ASK_PEERS, RaceRules.names(candidates)));
    }

    private static Optional<PeerAnswer> best(Situation s, FailoverRequest request) {
        Lsn mine = s.replication().map(Replication::walPosition).orElse(Lsn.ZERO);
        long maximumLag = s.facts().dynamic().maximumLagOnFailoverBytes();
        return s.peers().orElse(List.of()).stream()
                .filter(peer -> candidates(s, request).stream().anyMatch(member -> member.name().equals(peer.name())))
                .filter(peer -> peer.reachable() && peer.inRecovery() && !peer.watchdogFailed())
                .filter(peer -> peer.tags().failoverPriority() > 0)
                .filter(peer -> peer.timeline().isEmpty() || peer.timeline().getAsInt() == s.timeline())
                .filter(peer -> mine.minus(peer.walPosition().orElse(Lsn.ZERO)) <= maximumLag)
                .findFirst();
    }

    private static Optional<Rule.Outcome> impossible(Situation s) {
        Optional<FailoverRequest> request = due(s);
        return request.isPresent() && best(s, request.get()).isEmpty()
                ? s.decideOnce(new Decision.ClearFailover(request.get().version()),
                        Reason.of(Sentence.SWITCHOVER_IMPOSSIBLE))
                : pass();
    }

    private static Optional<Rule.Outcome> stepDown(Situation s) {
        Optional<FailoverRequest> request = due(s);
        Optional<PeerAnswer> best = request.flatMap(wanted -> best(s, wanted));
        if (best.isEmpty()) {
            return pass();
        }
        String candidate = best.get().name();
        Memory memory = s.memory()
                .withGaveUpLeadership(Optional.of(s.inSeconds(s.facts().dynamic().loopWaitSeconds())));
        return s.decide(new Decision.Begin(new Action.Demote(Action.Demote.Mode.GRACEFUL)), memory,
                Reason.of(Sentence.SWITCHOVER, candidate));
    }
}
