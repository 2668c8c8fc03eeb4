package org.jpatroni.model;

import java.util.Optional;

/**
 * The watchdog device of this node, which resets the machine unless it is kept alive (Patroni: section {@code watchdog}).
 *
 * @param wanted it is to be open while this node leads: configured, and in mode {@code automatic} also there
 * @param required without it this node must not lead
 * @param timeoutSeconds after which it acts when nothing is heard; 0 while it is not open
 * @param actsAtNanos when it will, on the monotonic clock; empty while it is not open, or when what it does is no reset
 */
public record WatchdogStatus(boolean wanted, boolean required, State state, int timeoutSeconds,
        Optional<Long> actsAtNanos) {

    /** Whether it does its work. */
    public enum State {
        /** Not open, and nothing speaks against opening it. */
        CLOSED,
        /** Open, and certain to act before the leader lease ends. */
        ACTIVE,
        /** Missing, refused, or with a timeout that does not fit the cluster's times. */
        UNUSABLE
    }

    /** No watchdog device. */
    public static final WatchdogStatus NONE = new WatchdogStatus(false, false, State.CLOSED, 0, Optional.empty());

    public boolean isActive() {
        return state == State.ACTIVE;
    }

    /** Required, and known not to work: this node cannot lead. */
    public boolean isInTheWay() {
        return required && state == State.UNUSABLE;
    }
}
