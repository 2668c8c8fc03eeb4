package org.jpatroni.watchdog;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;

/** A process of its own that behaves like an agent: gives the guard a lease, says so, and does nothing more. */
final class GuardedAgent {

    private GuardedAgent() {
    }

    /** Arguments: data directory, pid and start of the postmaster, lease in milliseconds, file for the guard's log. */
    public static void main(String[] arguments) throws Exception {
        GuardFence fence = new GuardFence(Path.of(arguments[0]), Optional.of(Path.of(arguments[4])), Tasks.system());
        long deadline = Time.system().nanos() + Duration.ofMillis(Long.parseLong(arguments[3])).toNanos();
        boolean armed = fence.extend(deadline, Long.parseLong(arguments[1]), Long.parseLong(arguments[2]));
        System.out.println((armed ? "armed " : "failed ") + fence.guardPid().orElse(0L) + " " + deadline);
        Time.system().sleep(Duration.ofMinutes(5));
    }
}
