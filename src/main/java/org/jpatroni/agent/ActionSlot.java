package org.jpatroni.agent;

import java.util.Optional;
import java.util.function.Function;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Facts;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Room for one long action. Its end wakes the loop, which takes the result. */
final class ActionSlot {

    private static final Logger LOG = LoggerFactory.getLogger(ActionSlot.class);

    private final Tasks tasks;
    private final Wakeup loop;
    private @Nullable Run current;

    ActionSlot(Tasks tasks, Wakeup loop) {
        this.tasks = tasks;
        this.loop = loop;
    }

    /** An action that has ended. */
    record Finished(Action action, Action.Result result) {
    }

    private static final class Run {
        final Action action;
        final CancelToken token = new CancelToken();
        final long sinceNanos;
        Action.@Nullable Result result;

        Run(Action action, long sinceNanos) {
            this.action = action;
            this.sinceNanos = sinceNanos;
        }
    }

    /** Begins the action unless the slot is taken, also by a result that was not taken yet. */
    synchronized boolean begin(Action action, Function<CancelToken, Action.Result> body) {
        if (current != null) {
            return false;
        }
        Run run = new Run(action, tasks.time().nanos());
        current = run;
        var _ = tasks.start("action", () -> {
            end(run, runBody(body, run));
            return Boolean.TRUE;
        });
        return true;
    }

    private static Action.Result runBody(Function<CancelToken, Action.Result> body, Run run) {
        try {
            return body.apply(run.token);
        } catch (RuntimeException bug) {
            LOG.error("{} failed unexpectedly", run.action, bug);
            return new Action.Result.Failed(bug.toString());
        }
    }

    private void end(Run run, Action.Result result) {
        synchronized (this) {
            run.result = result;
        }
        loop.signal();
    }

    /** The action whose result was not taken yet: until then nobody knows what it has left behind, and another cannot begin. */
    synchronized Optional<Facts.Running> running() {
        return current != null
                ? Optional.of(new Facts.Running(current.action, current.token.isCancelled(), current.sinceNanos))
                : Optional.empty();
    }

    /** Takes the result of an action that has ended, which frees the slot. */
    synchronized Optional<Finished> takeFinished() {
        Run run = current;
        if (run == null || run.result == null) {
            return Optional.empty();
        }
        current = null;
        return Optional.of(new Finished(run.action, run.result));
    }

    /** Tells the running action to end. */
    void cancel() {
        Run run;
        synchronized (this) {
            run = current;
        }
        if (run != null) {
            run.token.cancel();
        }
    }
}
