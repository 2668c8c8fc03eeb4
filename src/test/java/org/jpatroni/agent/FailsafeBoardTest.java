package org.jpatroni.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.junit.jupiter.api.Test;

/** A member either stands back or reaches for the lease, never both. */
class FailsafeBoardTest {

    private static final long SECOND = 1_000_000_000L;

    private final FailsafeBoard board = new FailsafeBoard();

    private FailsafeAnswer ask(int pingTtl, long now) {
        return board.ask("b", new FailsafePing("a", "postgres://a:5432/postgres", "http://a:8008/patroni",
                Optional.empty(), pingTtl), 30, now, false);
    }

    @Test
    void whoPromisedDoesNotReach() {
        assertThat(ask(0, 0).isAccepted()).isTrue();
        assertThat(board.reaches(30 * SECOND - 1)).isFalse();
        assertThat(board.reaches(30 * SECOND)).as("the promise is over").isTrue();
    }

    @Test
    void whoReachesPromisesNothingUntilItIsSettled() {
        assertThat(board.reaches(0)).isTrue();
        FailsafeAnswer refused = ask(30, 1);
        assertThat(refused.kind()).isEqualTo(FailsafeAnswer.Kind.REFUSED);
        assertThat(refused.text()).isEqualTo("Running as a leader");
        assertThat(board.primary(2)).isEmpty();
        board.standsBack();
        assertThat(ask(30, 3).isAccepted()).isTrue();
    }

    @Test
    void aPromiseHoldsForTheLongerTtl() {
        ask(60, 0);
        assertThat(board.primary(60 * SECOND - 1)).as("the primary counts on its own ttl").isPresent();
        assertThat(board.primary(60 * SECOND)).isEmpty();
        ask(20, 100 * SECOND);
        assertThat(board.primary(130 * SECOND - 1)).as("at least the member's own").isPresent();
        ask(Integer.MAX_VALUE, 1000 * SECOND);
        assertThat(board.primary(4600 * SECOND)).as("nobody is kept from leading for longer than an hour").isEmpty();
    }

    @Test
    void aDryRunPromisesNothing() {
        board.walPosition(Optional.of(new Lsn(7)));
        FailsafeAnswer answer = board.ask("b", new FailsafePing("a", "x", "y", Optional.empty(), 30), 30, 0, true);
        assertThat(answer.isAccepted()).isTrue();
        assertThat(answer.position()).contains(new Lsn(7));
        assertThat(board.primary(1)).isEmpty();
    }

    /** Whatever the order of the two threads: not both. */
    @Test
    void neverBothAtOnce() throws InterruptedException {
        for (int i = 0; i < 2000; i++) {
            FailsafeBoard fresh = new FailsafeBoard();
            AtomicBoolean promised = new AtomicBoolean();
            CountDownLatch begin = new CountDownLatch(1);
            Thread asker = Thread.ofVirtual().start(() -> {
                try {
                    begin.await();
                } catch (InterruptedException ending) {
                    Thread.currentThread().interrupt();
                }
                promised.set(fresh.ask("b", new FailsafePing("a", "x", "y", Optional.empty(), 30), 30, 0, false)
                        .isAccepted());
            });
            begin.countDown();
            boolean reached = fresh.reaches(1);
            asker.join();
            assertThat(reached && promised.get()).isFalse();
        }
    }
}
