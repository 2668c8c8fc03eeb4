package org.jpatroni.operation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.decide.CandidateLimits;
import org.jpatroni.decide.CandidateLimits.Limit;
import org.jpatroni.decide.CandidateLimits.Standard;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.node.CommandReply.Explanation;
import org.jspecify.annotations.Nullable;

/** Whether a move is possible, before anything is stored. The leader measures candidates by the same {@link CandidateLimits}. */
final class SwitchoverChecks {

    private final ClusterSnapshot snapshot;
    private final DynamicConfig dynamic;
    private final SwitchoverRequest request;

    SwitchoverChecks(ClusterSnapshot snapshot, DynamicConfig dynamic, SwitchoverRequest request) {
        this.snapshot = snapshot;
        this.dynamic = dynamic;
        this.request = request;
    }

    /** Why nobody needs to be asked: in Patroni's words; empty when {@link #candidates} are to be asked. */
    Optional<String> refusal() {
        Optional<String> leader = snapshot.leader().map(LeaderKey::holder);
        if (request.leader().isPresent() && !request.leader().equals(leader)) {
            return Optional.of("leader name does not match");
        }
        if (request.candidate().isPresent()) {
            if (request.isSwitchover() && isPriorityMode() && !snapshot.sync().matches(request.candidate().get())) {
                return Optional.of("candidate name does not match with sync_standby");
            }
            return candidates().isEmpty() ? Optional.of("candidate does not exists") : Optional.empty();
        }
        if (candidates().isEmpty()) {
            return Optional.of(request.action() + (isPriorityMode()
                    ? " is not possible: can not find sync_standby"
                    : " is not possible: cluster does not have members except leader"));
        }
        return Optional.empty();
    }

    String noGoodCandidates() {
        return request.action() + " is not possible: no good candidates have been found";
    }

    private boolean isPriorityMode() {
        return dynamic.isSynchronous() && !dynamic.isQuorum();
    }

    /** Who comes into question. */
    List<Member> candidates() {
        String leader = snapshot.leader().map(LeaderKey::holder).orElse("");
        return snapshot.members().stream().filter(member -> request.candidate().isPresent()
                ? request.candidate().get().equals(member.name())
                : isPriorityMode()
                        ? snapshot.sync().matches(member.name())
                        : !member.name().equals(leader) && member.apiUrl().isPresent())
                .toList();
    }

    /** Whom to ask: the candidates, and the leader for its position. */
    List<Member> toAsk() {
        List<Member> asked = new ArrayList<>(candidates());
        snapshot.leaderMember().filter(leader -> !asked.contains(leader)).ifPresent(asked::add);
        return asked;
    }

    /** One candidate and what keeps it from taking over. */
    record Judged(PeerAnswer answer, Optional<Limit> limit) {

        boolean isGood() {
            return limit.isEmpty();
        }

        Explanation explanation() {
            return new Explanation(answer.name(), limit.map(Limit::rule).orElse("candidate.good"),
                    limit.map(Limit::reason).orElse("it can take over"), limit.map(Limit::measured)
                            .map(measured -> (Map<String, @Nullable Object>) new LinkedHashMap<String, @Nullable Object>(
                                    measured))
                            .orElseGet(LinkedHashMap::new));
        }
    }

    /** Judges the candidates by what they and the leader have answered. */
    List<Judged> judge(List<PeerAnswer> answers) {
        Standard standard = standard(answers);
        List<String> names = candidates().stream().map(Member::name).toList();
        return answers.stream().filter(answer -> names.contains(answer.name()))
                .map(answer -> new Judged(answer, CandidateLimits.of(answer, standard))).toList();
    }

    private Standard standard(List<PeerAnswer> answers) {
        Optional<PeerAnswer> leader = snapshot.leader().flatMap(key -> answers.stream()
                .filter(answer -> answer.name().equals(key.holder()) && answer.reachable()).findFirst());
        // Without a leader a failover is the operator's own risk: the race lets the named candidate win wherever it stands.
        Lsn position = snapshot.leader().isEmpty()
                ? Lsn.ZERO
                : leader.flatMap(PeerAnswer::walPosition).orElse(snapshot.status().leaderLsn());
        return new Standard(position, leader.map(PeerAnswer::timeline).orElse(OptionalInt.empty()),
                dynamic.maximumLagOnFailoverBytes(),
                CandidateLimits.syncThatMatters(dynamic, snapshot.sync(), request.isSwitchover()));
    }
}
