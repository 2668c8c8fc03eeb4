package org.jpatroni.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.peer.Peers;

/** Questions to the other agents, over the network, all at the same time. */
final class SimPeers implements Peers {

    private final SimKernel kernel;
    private final SimNetwork network;
    private final SimNode asker;
    private final SimTime time;
    private final List<SimNode> nodes;
    private final SimFailsafe failsafe;

    SimPeers(SimKernel kernel, SimNetwork network, SimNode asker, SimTime time, List<SimNode> nodes,
            SimFailsafe failsafe) {
        this.kernel = kernel;
        this.network = network;
        this.asker = asker;
        this.time = time;
        this.nodes = nodes;
        this.failsafe = failsafe;
    }

    @Override
    public List<PeerAnswer> askStatus(List<Member> members, Duration limit) throws InterruptedException {
        List<PeerAnswer> answers = new ArrayList<>();
        members.forEach(member -> answers.add(PeerAnswer.unreachable(member.name())));
        askAll(members, SimNode::statusForPeers, answers, limit);
        List<PeerAnswer> result = List.copyOf(answers);
        kernel.trace("peers-" + asker.name(), "answers " + result.stream().map(SimPeers::brief).toList());
        return result;
    }

    /** Asks all at the same time; what does not come in time leaves its place as it was. */
    private <T> void askAll(List<Member> members, Function<SimNode, Optional<T>> question, List<T> answers,
            Duration limit)
            throws InterruptedException {
        int[] open = {members.size()};
        SimThread thread = SimThread.required();
        for (int i = 0; i < members.size(); i++) {
            int place = i;
            reach(members.get(i), question, answer -> {
                answers.set(place, answer);
                open[0]--;
                kernel.wake(thread);
            });
        }
        long until = time.trueInstant(limit);
        while (open[0] > 0 && kernel.nowNanos() < until) {
            thread.waitUntil(until);
        }
    }

    @Override
    public List<FailsafeAnswer> askFailsafe(List<Member> members, FailsafePing ping, Duration limit)
            throws InterruptedException {
        long sentAtNanos = kernel.nowNanos();
        List<FailsafeAnswer> answers = new ArrayList<>();
        members.forEach(member -> answers.add(FailsafeAnswer.unreachable(member.name(), "no answer")));
        askAll(members, peer -> peer.answerFailsafe(ping), answers, limit);
        List<FailsafeAnswer> result = List.copyOf(answers);
        failsafe.asked(asker, sentAtNanos, members, ping, result);
        kernel.trace("peers-" + asker.name(), "failsafe "
                + result.stream().map(answer -> answer.member() + " " + answer.kind()).toList());
        return result;
    }

    private static String brief(PeerAnswer answer) {
        return answer.name() + (answer.reachable()
                ? " " + (answer.inRecovery() ? "standby" : "primary") + " "
                        + answer.walPosition().map(Object::toString).orElse("?")
                : " unreachable");
    }

    private <T> void reach(Member member, Function<SimNode, Optional<T>> question, Consumer<T> answered) {
        SimNode peer = nodes.stream().filter(node -> node.name().equals(member.name())).findFirst().orElseThrow();
        OptionalLong there = network.legNanos(asker.index(), peer.index());
        OptionalLong back = network.legNanos(peer.index(), asker.index());
        if (there.isPresent() && back.isPresent()) {
            kernel.after(there.getAsLong(), () -> question.apply(peer).ifPresent(answer -> {
                if (network.isConnected(asker.index(), peer.index())) {
                    kernel.after(back.getAsLong(), () -> answered.accept(answer));
                }
            }));
        }
    }
}
