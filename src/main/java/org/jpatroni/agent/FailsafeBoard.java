package org.jpatroni.agent;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.decide.Failsafe;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.jspecify.annotations.Nullable;

/**
 * What members tell each other while the store does not answer ({@code POST /failsafe}): the primary says that it is there, the others answer
 * how much WAL they have. The API's threads ask on behalf of a primary, the HA loop says what it is about to do; nobody waits here.
 *
 * <p>Who has promised to stand back does not reach for the lease, and who reaches for it promises nothing: both are decided under one lock,
 * so that no promise is given between the last look of a race and the request to the store.
 */
public final class FailsafeBoard {

    /** Patroni's words to a primary from a member that leads itself. */
    public static final String IS_PRIMARY = "Running as a leader";

    /** Longer than any sensible ttl: what a ping may ask for at most. */
    private static final int TTL_MAX_SECONDS = 3600;

    private final Object lock = new Object();
    private Failsafe.@Nullable Announced announced;
    private boolean reaching;
    private volatile Optional<Lsn> walPosition = Optional.empty();

    /**
     * A primary says that it is there and asks this member to stand back. From the API's threads.
     *
     * @param ttlSeconds of this member: it stands back for at least so long
     * @param dryRun only say what would be answered
     */
    public FailsafeAnswer ask(String self, FailsafePing ping, int ttlSeconds, long nowNanos, boolean dryRun) {
        Optional<Lsn> position = walPosition;
        synchronized (lock) {
            if (reaching) {
                return new FailsafeAnswer(self, FailsafeAnswer.Kind.REFUSED, Optional.empty(), IS_PRIMARY);
            }
            int seconds = Math.max(ttlSeconds, Math.min(ping.ttlSeconds(), TTL_MAX_SECONDS));
            if (!dryRun) {
                announced = new Failsafe.Announced(ping, nowNanos,
                        nowNanos + Duration.ofSeconds(seconds).toNanos());
            }
        }
        return new FailsafeAnswer(self, FailsafeAnswer.Kind.ACCEPTED, position, "Accepted");
    }

    /** The primary that this node stands back for at that moment. */
    public Optional<Failsafe.Announced> primary(long nowNanos) {
        synchronized (lock) {
            return Optional.ofNullable(announced).filter(known -> known.untilNanos() - nowNanos > 0);
        }
    }

    /**
     * The HA loop is about to ask the store for the lease. From now on nothing is promised to anybody, until {@link #standsBack}.
     *
     * @return false when this node has promised to stand back: the store must not be asked
     */
    boolean reaches(long nowNanos) {
        synchronized (lock) {
            if (primary(nowNanos).isPresent()) {
                return false;
            }
            reaching = true;
            return true;
        }
    }

    /** The HA loop has seen that this node neither holds the lease nor may have got it. */
    void standsBack() {
        synchronized (lock) {
            reaching = false;
        }
    }

    /** What this node's PostgreSQL said last of its position: received or replayed, whichever is later; empty when it does not run. */
    public Optional<Lsn> walPosition() {
        return walPosition;
    }

    /** Called by the HA loop with what PostgreSQL said in this cycle. */
    public void walPosition(Optional<Lsn> seen) {
        walPosition = seen;
    }
}
