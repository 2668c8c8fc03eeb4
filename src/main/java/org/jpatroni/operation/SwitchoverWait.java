package org.jpatroni.operation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.HaStatus;
import org.jpatroni.runtime.Time;

/** Waits for the outcome of a stored request: the leader key tells the loop, the new leader itself tells whether it accepts writes. */
final class SwitchoverWait {

    /** A promotion takes some 40 ms from the moment at which the leader key has changed. */
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final Duration QUESTION_LIMIT = Duration.ofSeconds(1);
    private static final int SECONDS_MIN = 10;

    private final OperationParts parts;
    private final SwitchoverRequest request;
    private final Optional<String> leaderBefore;
    private final long storedAtNanos;

    /** @param storedAtNanos when the store had confirmed the request: what was read before says nothing about it */
    SwitchoverWait(OperationParts parts, SwitchoverRequest request, Optional<String> leaderBefore, long storedAtNanos) {
        this.parts = parts;
        this.request = request;
        this.leaderBefore = leaderBefore;
        this.storedAtNanos = storedAtNanos;
    }

    private enum Stage {
        PENDING, MOVED, DROPPED
    }

    private Stage stage(HaStatus status) {
        Optional<ClusterSnapshot> snapshot = status.snapshot();
        if (snapshot.isEmpty() || status.snapshotAtNanos() - storedAtNanos < 0) {
            return Stage.PENDING;
        }
        Optional<String> leader = snapshot.get().leader().map(LeaderKey::holder);
        if (leader.isPresent() && !leader.equals(leaderBefore)) {
            return Stage.MOVED;
        }
        return snapshot.get().failover().isEmpty() ? Stage.DROPPED : Stage.PENDING;
    }

    /** The answer, at the latest after Patroni's time limit. */
    CommandReply outcome() throws InterruptedException {
        int seconds = 2 * Math.max(SECONDS_MIN, parts.status().dynamic().loopWaitSeconds());
        Time.Deadline deadline = parts.tasks().time().deadlineIn(Duration.ofSeconds(seconds));
        while (!deadline.isPast()) {
            boolean settled = BoardWait.until(parts.board(), parts.tasks(), status -> stage(status) != Stage.PENDING,
                    deadline.left());
            HaStatus status = parts.status();
            Stage stage = stage(status);
            if (settled && stage == Stage.DROPPED) {
                return CommandReply.text(503, request.title() + " failed");
            }
            if (settled && stage == Stage.MOVED) {
                Optional<Member> leader = status.snapshot().orElseThrow().leaderMember();
                if (leader.isPresent() && serves(leader.get(), status)) {
                    return success(leader.get().name());
                }
                parts.tasks().time().sleep(LOOK);
            }
        }
        return CommandReply.text(503, request.title() + " status unknown after " + seconds
                + " seconds; operation may still be in progress");
    }

    private boolean serves(Member leader, HaStatus status) throws InterruptedException {
        PeerAnswer answer = parts.peers().askStatus(List.of(leader), QUESTION_LIMIT).getFirst();
        return status.dynamic().standbyCluster().isPresent()
                ? answer.reachable() && answer.role().equals("standby_leader")
                : answer.acceptsWrites();
    }

    private CommandReply success(String leader) {
        boolean asWanted = request.candidate().isEmpty() || request.candidate().get().equals(leader);
        String done = request.participle();
        return CommandReply.text(200, asWanted
                ? "Successfully " + done + " over to \"" + leader + "\""
                : Character.toUpperCase(done.charAt(0)) + done.substring(1) + " over to \"" + leader
                        + "\" instead of \"" + request.candidate().get() + "\"");
    }
}
