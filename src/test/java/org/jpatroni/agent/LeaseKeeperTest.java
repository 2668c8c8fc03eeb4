package org.jpatroni.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.jpatroni.decide.Facts.LeaseView;
import org.jpatroni.model.Lease;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.Test;

/** What the members' agreement adds to a lease, and what takes it away. */
class LeaseKeeperTest {

    private static final long SECOND = 1_000_000_000L;

    private long now;
    private final LeaseKeeper lease = new LeaseKeeper(new Time() {
        @Override
        public long nanos() {
            return now;
        }

        @Override
        public Instant wall() {
            return Instant.EPOCH;
        }

        @Override
        public void sleep(Duration duration) {
            now += duration.toNanos();
        }
    });

    @Test
    void anAgreementExtendsTheLeaseFromWhenItWasAskedFor() {
        lease.won(new Lease(0, 30));
        now = 20 * SECOND;
        assertThat(lease.agreed(new Lease(18 * SECOND, 30))).isTrue();
        assertThat(lease.deadlineNanos()).contains(48 * SECOND);
        assertThat(lease.agreedUntilNanos()).contains(48 * SECOND);
        assertThat(lease.view()).isEqualTo(
                new LeaseView.Held(0, 48 * SECOND, ((LeaseView.Held) lease.view()).attemptedAtNanos()));
        now = 40 * SECOND;
        assertThat(lease.deadlineNanos()).as("the store's own lease is long over").contains(48 * SECOND);
        assertThat(lease.agreed(new Lease(39 * SECOND, 30))).isTrue();
        assertThat(lease.deadlineNanos()).contains(69 * SECOND);
        now = 69 * SECOND;
        assertThat(lease.deadlineNanos()).isEmpty();
    }

    @Test
    void anAgreementThatCameTooLateIsNone() {
        assertThat(lease.agreed(new Lease(0, 30))).as("nothing to extend").isFalse();
        lease.won(new Lease(0, 30));
        now = 30 * SECOND;
        assertThat(lease.agreed(new Lease(29 * SECOND, 30))).as("somebody else may lead since").isFalse();
        assertThat(lease.deadlineNanos()).isEmpty();
    }

    @Test
    void theStoresWordEndsTheAgreement() {
        lease.won(new Lease(0, 30));
        lease.agreed(new Lease(1 * SECOND, 30));
        lease.won(new Lease(5 * SECOND, 20));
        assertThat(lease.agreedUntilNanos()).isEmpty();
        assertThat(lease.deadlineNanos()).contains(25 * SECOND);
        lease.agreed(new Lease(6 * SECOND, 30));
        lease.lost();
        assertThat(lease.deadlineNanos()).isEmpty();
        assertThat(lease.agreedUntilNanos()).isEmpty();
    }

    /** An agreement is never shorter than what the store has confirmed. */
    @Test
    void anEarlierEndOfTheAgreementDoesNotShortenTheLease() {
        lease.won(new Lease(0, 60));
        lease.agreed(new Lease(1 * SECOND, 20));
        assertThat(lease.deadlineNanos()).contains(60 * SECOND);
    }
}
