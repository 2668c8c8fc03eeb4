package org.jpatroni.agent;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jpatroni.decide.Action;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Order;
import org.jpatroni.decide.Verdict;

/**
 * Where operators leave their orders and the HA loop finds them: room for one that is to be carried out now and for one scheduled restart.
 * Every order that was taken gets exactly one answer. Safe for all threads; answers are given outside of its lock.
 */
public final class OrderDesk {

    /** How an order ended. */
    public sealed interface End {

        /** PostgreSQL was restarted. */
        record Restarted() implements End {
        }

        /** The member is being rebuilt from now on. */
        record Rebuilding() implements End {
        }

        /** The time was over before PostgreSQL accepted connections. */
        record StillStarting() implements End {
        }

        /** The same on the leader, and another member shall lead. */
        record GaveUpLeadership() implements End {
        }

        record Failed(String reason) implements End {
        }

        /** @param detail what is in the way, or empty */
        record Refused(Order.Refusal refusal, String detail) implements End {
        }

        /** The agent ends. */
        record AgentEnds() implements End {
        }
    }

    private record Given(Order order, Consumer<End> answer) {
    }

    private final Runnable wake;
    private Optional<Given> waiting = Optional.empty();
    private Optional<Given> underWay = Optional.empty();
    private Optional<End> ended = Optional.empty();
    private Optional<Order.Scheduled> scheduled = Optional.empty();
    private long lastId;
    private boolean closed;

    /** @param wake makes the loop look */
    public OrderDesk(Runnable wake) {
        this.wake = wake;
    }

    /**
     * Leaves an order.
     *
     * @param order made with the number that it gets
     * @param answer is called once, on the thread of the loop, and must not block
     * @return the name of the order that waits already; empty when this one was taken
     */
    public Optional<String> give(LongFunction<Order> order, Consumer<End> answer) {
        synchronized (this) {
            if (waiting.isPresent()) {
                return waiting.map(given -> given.order().name());
            }
            if (!closed) {
                waiting = Optional.of(new Given(order.apply(++lastId), answer));
                wake.run();
                return Optional.empty();
            }
        }
        answer.accept(new End.AgentEnds());
        return Optional.empty();
    }

    /** Leaves a restart for later; false when there is one already. */
    public synchronized boolean schedule(LongFunction<Order.Scheduled> restart) {
        if (scheduled.isPresent()) {
            return false;
        }
        scheduled = Optional.of(restart.apply(++lastId));
        wake.run();
        return true;
    }

    /** Takes the scheduled restart back; false when there is none. */
    public synchronized boolean cancelScheduled() {
        boolean there = scheduled.isPresent();
        scheduled = Optional.empty();
        wake.run();
        return there;
    }

    /** What waits, as facts. */
    synchronized Order.Pending pending() {
        return new Order.Pending(waiting.map(Given::order), scheduled);
    }

    /** The rest of the loop, which ends when the scheduled restart is due. */
    synchronized Duration untilDue(Duration rest, Instant now) {
        Optional<Duration> left = scheduled.map(restart -> Duration.between(now, restart.due()))
                .filter(duration -> !duration.isNegative() && duration.compareTo(rest) < 0);
        // A wait may end a little early; the millisecond spares another round.
        return left.map(duration -> duration.plusMillis(1)).orElse(rest);
    }

    /** An action was begun: if it is the order that waits, it is under way; a rebuild is answered now. */
    void begun(Action action) {
        List<Runnable> answers = new ArrayList<>();
        synchronized (this) {
            long id = orderOf(action);
            scheduled = scheduled.filter(restart -> restart.restart().id() != id);
            Optional<Given> taken = waiting.filter(given -> given.order().id() == id);
            if (taken.isPresent()) {
                waiting = Optional.empty();
                if (action instanceof Action.DiscardData) {
                    answers.add(() -> taken.get().answer().accept(new End.Rebuilding()));
                } else {
                    underWay = taken;
                }
            }
        }
        answers.forEach(Runnable::run);
    }

    /** An action has ended. The answer waits until the loop has published what became of it. */
    synchronized void ended(Action action, Action.Result result) {
        if (underWay.filter(given -> given.order().id() == orderOf(action)).isPresent()) {
            ended = Optional.of(switch (result) {
                case Action.Result.Done done -> new End.Restarted();
                case Action.Result.TimedOut late -> new End.StillStarting();
                case Action.Result.Failed failed -> new End.Failed(failed.reason());
                case Action.Result.Refused refused -> new End.Failed(refused.reason());
                case Action.Result.Cancelled cancelled -> new End.Failed("it was ended for something more urgent");
                case Action.Result.Divergence answer -> new End.Failed("no restart");
            });
        }
    }

    /** The loop has decided, and published, what it makes of the end of an action. */
    void decided(Verdict verdict) {
        Optional<Given> given;
        Optional<End> end;
        synchronized (this) {
            given = underWay.filter(order -> ended.isPresent());
            end = ended;
            ended = Optional.empty();
            if (given.isPresent()) {
                underWay = Optional.empty();
            }
        }
        boolean givesUp = verdict.decision() instanceof Decision.ReleaseLease
                || verdict.decision() instanceof Decision.AnnounceRole
                || verdict.decision() instanceof Decision.Begin begin && begin.action() instanceof Action.Demote;
        given.ifPresent(order -> order.answer()
                .accept(givesUp && !(end.orElseThrow() instanceof End.Restarted)
                        ? new End.GaveUpLeadership()
                        : end.orElseThrow()));
    }

    /** The rules refuse the order that waits. */
    void refused(Decision.RefuseOrder refusal) {
        Optional<Given> refused;
        synchronized (this) {
            refused = waiting.filter(given -> given.order().id() == refusal.order());
            if (refused.isPresent()) {
                waiting = Optional.empty();
            }
        }
        refused.ifPresent(given -> given.answer().accept(new End.Refused(refusal.refusal(), refusal.detail())));
    }

    synchronized void drop(long id) {
        scheduled = scheduled.filter(restart -> restart.restart().id() != id);
    }

    /** The agent ends: whoever waits is told so. */
    void close() {
        List<Given> left = new ArrayList<>();
        synchronized (this) {
            closed = true;
            waiting.ifPresent(left::add);
            underWay.ifPresent(left::add);
            waiting = Optional.empty();
            underWay = Optional.empty();
        }
        left.forEach(given -> given.answer().accept(new End.AgentEnds()));
    }

    private static long orderOf(Action action) {
        return switch (action) {
            case Action.Restart restart -> restart.order();
            case Action.DiscardData discard -> discard.order();
            case Action.Bootstrap a -> 0;
            case Action.CloneFrom a -> 0;
            case Action.Start a -> 0;
            case Action.Promote a -> 0;
            case Action.Demote a -> 0;
            case Action.Follow a -> 0;
            case Action.CheckDivergence a -> 0;
            case Action.Rewind a -> 0;
            case Action.CopySlots a -> 0;
            case Action.Shutdown a -> 0;
        };
    }
}
