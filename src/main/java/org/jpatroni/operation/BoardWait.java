package org.jpatroni.operation;

import java.time.Duration;
import java.util.function.Predicate;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.node.HaStatus;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Wakeup;

/** Waits for the HA loop to publish something. */
final class BoardWait {

    private BoardWait() {
    }

    /** Waits until the published status is as wanted; false when the time was over first. */
    static boolean until(StatusBoard board, Tasks tasks, Predicate<HaStatus> wanted, Duration limit)
            throws InterruptedException {
        Wakeup published = tasks.newWakeup();
        long deadlineNanos = tasks.time().nanos() + limit.toNanos();
        try (StatusBoard.Listening _ = board.listen(published::signal)) {
            while (!wanted.test(board.current())) {
                long leftNanos = deadlineNanos - tasks.time().nanos();
                if (leftNanos <= 0) {
                    return false;
                }
                var _ = published.await(Duration.ofNanos(leftNanos));
            }
            return true;
        }
    }
}
