package org.jpatroni.watchdog;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The fence that needs no device: a guard process, which outlives this one. A guard of an earlier agent is ended only after the new one
 * has taken over what it watched.
 */
public final class GuardFence implements Fence {

    /**
     * How long before the end of the lease the guard acts, so that PostgreSQL is dead when it ends: {@link #FAST_STOP}, {@link #GRACE},
     * and 1.1 s to find and kill what remains, which has to do on a machine that is busy with other things. Later than the agent itself, which has a sixth of the ttl.
     */
    public static final Duration STOP_MARGIN = Duration.ofMillis(2200);

    /** How long a fast stop may take: it ends all sessions at once, and standbys receive what was acknowledged. */
    public static final Duration FAST_STOP = Duration.ofMillis(800);

    /** How long after SIGQUIT PostgreSQL is killed. */
    public static final Duration GRACE = Duration.ofMillis(300);

    private static final Logger LOG = LoggerFactory.getLogger(GuardFence.class);
    private static final Duration RESTART_PAUSE = Duration.ofSeconds(2);

    /** What the guard was last told to stop, and when. */
    private record Order(long deadlineNanos, long postmasterPid, long postmasterStartTicks) {
    }

    private final Path dataDir;
    private final Duration stopMargin;
    private final Optional<Path> log;
    private final Time time;
    private final Tasks tasks;
    private @Nullable GuardProcess guard;
    private @Nullable Order order;
    private boolean othersMayRun = true;
    private boolean answers;
    private boolean closed;

    /**
     * Starts a guard for a data directory, which need not exist yet.
     *
     * @param log where the guard appends what it has to say; empty: to the standard error of this process
     */
    public GuardFence(Path dataDir, Optional<Path> log, Tasks tasks) {
        this(dataDir, STOP_MARGIN, log, tasks);
    }

    /** With another margin than {@link #STOP_MARGIN}. */
    public GuardFence(Path dataDir, Duration stopMargin, Optional<Path> log, Tasks tasks) {
        this.dataDir = dataDir;
        this.stopMargin = stopMargin;
        this.log = log;
        this.time = tasks.time();
        this.tasks = tasks;
        synchronized (this) {
            replaceGuard();
        }
    }

    @Override
    public synchronized boolean extend(long leaseDeadlineNanos, long postmasterPid, long postmasterStartTicks) {
        order = new Order(leaseDeadlineNanos, postmasterPid, postmasterStartTicks);
        return deliver();
    }

    @Override
    public synchronized void off() {
        order = null;
        deliver();
    }

    @Override
    public synchronized boolean isHealthy() {
        GuardProcess current = guard;
        return answers && current != null && current.isAlive();
    }

    /** Leaves the guard alone: with a deadline it watches on, without one it ends. */
    @Override
    public synchronized void close() {
        closed = true;
        GuardProcess current = guard;
        if (current != null) {
            current.leave();
        }
    }

    /** Pid of the guard that runs now. */
    synchronized Optional<Long> guardPid() {
        GuardProcess current = guard;
        return current == null || !current.isAlive() ? Optional.empty() : Optional.of(current.pid());
    }

    private boolean deliver() {
        if (closed) {
            return false;
        }
        GuardProcess current = guard;
        answers = current != null && tell(current);
        if (!answers) {
            if (current != null && current.isAlive()) {
                LOG.warn("The guard of {} does not answer, starting another one", dataDir);
            }
            GuardProcess next = replaceGuard();
            answers = next != null && tell(next);
            if (current != null) {
                // Only after the next one knows: without any, nobody would stop the primary.
                current.kill();
            }
        }
        if (answers) {
            endOthers();
        } else {
            LOG.error("No guard for {}: nobody stops PostgreSQL if this process fails; needs bash and setsid", dataDir);
        }
        return answers;
    }

    private boolean tell(GuardProcess to) {
        Order now = order;
        try {
            return now == null
                    ? to.off()
                    : to.until(deadlineCentis(now.deadlineNanos()), now.postmasterPid(), now.postmasterStartTicks());
        } catch (IOException unreadable) {
            LOG.error("No guard without /proc/uptime: {}", unreadable.getMessage());
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Reads the guard's clock first: if this process stands still in between, the deadline comes out too early, never too late. */
    private long deadlineCentis(long deadlineNanos) throws IOException {
        long uptimeCentis = GuardProcess.uptimeCentis();
        return uptimeCentis + Math.floorDiv(deadlineNanos - time.nanos() - stopMargin.toNanos(), 10_000_000L);
    }

    private @Nullable GuardProcess replaceGuard() {
        try {
            GuardProcess started = GuardProcess.start(dataDir, FAST_STOP, GRACE, log, time);
            guard = started;
            var _ = tasks.start("guard-keeper", () -> {
                keep(started);
                return true;
            });
            return started;
        } catch (IOException impossible) {
            LOG.error("Cannot start the guard, which needs bash and setsid: {}", impossible.getMessage());
            guard = null;
            return null;
        }
    }

    /** A guard that died is replaced, and the next one told what this one knew. */
    private void keep(GuardProcess watched) throws InterruptedException {
        watched.awaitExit();
        synchronized (this) {
            if (closed || guard != watched) {
                return;
            }
            answers = false;
            LOG.warn("The guard of {} ended, starting another one", dataDir);
        }
        time.sleep(RESTART_PAUSE.dividedBy(4));
        synchronized (this) {
            if (!closed && guard == watched) {
                deliver();
            }
        }
    }

    private void endOthers() {
        GuardProcess current = guard;
        if (!othersMayRun || current == null) {
            return;
        }
        for (ProcessHandle other : GuardProcess.others(dataDir, current.pid())) {
            LOG.info("Taking over from the guard {} of an earlier agent", other.pid());
            other.destroyForcibly();
        }
        othersMayRun = false;
    }
}
