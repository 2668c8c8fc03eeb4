package org.jpatroni.decide;

import java.util.Optional;
import org.jpatroni.decide.Action.Result;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.decide.Memory.Divergence;
import org.jpatroni.decide.Memory.Phase;
import org.jpatroni.decide.Memory.Rebuild;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;

/** What is remembered of an action that has ended. */
public final class ActionFold {

    private static final int FAILURES_COUNTED = 10;
    /** Failures of a start that stand for a promotion that the operator's script has refused. */
    static final int REFUSED = FAILURES_COUNTED + 1;

    private ActionFold() {
    }

    /** The memory after the action ended with that result. A start that takes longer than its limit goes on without being waited for. */
    public static Memory after(Memory memory, Action action, Result result, long nowNanos) {
        return outcome(memory, action, result, nowNanos).withOwesStart(owesStart(memory, action, result));
    }

    /** Whether the agent itself has left the server stopped: then it starts it again, also in a paused cluster. */
    private static boolean owesStart(Memory memory, Action action, Result result) {
        boolean done = result instanceof Result.Done;
        return switch (action) {
            case Action.Demote demote -> done || memory.owesStart();
            case Action.CloneFrom clone -> done || memory.owesStart();
            case Action.Rewind rewind -> true;
            case Action.Start start -> memory.owesStart() && !done && !(result instanceof Result.TimedOut);
            case Action.Restart restart -> memory.owesStart() && !done;
            case Action.Bootstrap bootstrap -> memory.owesStart();
            case Action.Promote promote -> memory.owesStart();
            case Action.Follow follow -> memory.owesStart();
            case Action.CheckDivergence check -> memory.owesStart();
            case Action.CopySlots copy -> memory.owesStart() || !done;
            case Action.DiscardData discard -> memory.owesStart();
            case Action.Shutdown shutdown -> memory.owesStart();
        };
    }

    private static Memory outcome(Memory memory, Action action, Result result, long nowNanos) {
        boolean failed = result instanceof Result.Failed
                || result instanceof Result.TimedOut && !(action instanceof Action.Start);
        return switch (action) {
            case Action.Bootstrap bootstrap -> result instanceof Result.Done
                    ? memory
                    : memory.withBootstrap(Bootstrap.FAILED);
            case Action.CloneFrom clone -> failed
                    ? later(memory, nowNanos, 5)
                    : result instanceof Result.Done && memory.rebuild().isCopying()
                            ? memory.withRebuild(Rebuild.COPIED)
                            : memory;
            case Action.Start start -> failed
                    ? later(memory.withRebuild(Rebuild.NONE).withDivergence(Divergence.NOTHING)
                            .withStartFailures(count(memory.startFailures())),
                            nowNanos, Math.min(10, 1 + memory.startFailures()))
                    : result instanceof Result.Done
                            ? memory.withStartFailures(0).withRebuild(Rebuild.NONE)
                            : memory.withRebuild(Rebuild.NONE);
            case Action.Promote promote -> failed
                    ? later(memory.withStartFailures(count(memory.startFailures())), nowNanos, 1)
                    : memory.withStartFailures(result instanceof Result.Refused ? REFUSED : 0);
            case Action.Follow follow -> failed ? later(memory, nowNanos, 1) : memory;
            case Action.CopySlots copy -> memory;
            case Action.CheckDivergence check -> memory
                    .withDivergence(divergence(memory.divergence(), check.upstream(), result, nowNanos));
            case Action.Rewind rewind -> result instanceof Result.Done
                    ? memory.withDivergence(Divergence.NOTHING).withRewindFailures(0).withStartFailures(0)
                    : failed
                            ? later(memory.withRewindFailures(memory.rewindFailures() + 1), nowNanos, 5)
                            : memory;
            case Action.Restart restart -> restarted(memory, restart, result, nowNanos);
            case Action.DiscardData discard ->
                (result instanceof Result.Done ? memory : memory.withRebuild(Rebuild.NONE))
                        .withDivergence(Divergence.NOTHING).withRewindFailures(0)
                        .withStartFailures(0);
            case Action.Demote demote -> memory.withCrashedAt(Optional.empty());
            case Action.Shutdown shutdown -> memory;
        };
    }

    /** A primary that did not come back in time counts as one that could not be started: another member may lead. */
    private static Memory restarted(Memory memory, Action.Restart restart, Result result, long nowNanos) {
        return switch (result) {
            case Result.Done done -> memory.withStartFailures(0).withCrashedAt(Optional.empty());
            case Result.TimedOut late -> restart.role() == PostgresRole.PRIMARY
                    ? memory.withStartFailures(count(memory.startFailures()))
                    : memory;
            case Result.Failed failed -> later(memory.withDivergence(Divergence.NOTHING)
                    .withStartFailures(count(memory.startFailures())), nowNanos, 1);
            case Result.Cancelled cancelled -> memory;
            case Result.Refused refused -> memory;
            case Result.Divergence answer -> memory;
        };
    }

    private static Divergence divergence(Divergence before, Upstream upstream, Result result, long nowNanos) {
        Phase phase = result instanceof Result.Divergence answer ? answer.found() : Phase.UNKNOWN;
        String leader = UpstreamRules.name(upstream);
        boolean again = before.phase() == Phase.UNKNOWN && before.leader().equals(leader);
        int unanswered = phase == Phase.UNKNOWN ? count(again ? before.unanswered() : 0) : 0;
        return new Divergence(phase, leader, nowNanos, unanswered);
    }

    private static int count(int failures) {
        return Math.min(FAILURES_COUNTED, failures + 1);
    }

    private static Memory later(Memory memory, long nowNanos, int seconds) {
        return memory.withActionNotBefore(nowNanos + seconds * 1_000_000_000L);
    }
}
