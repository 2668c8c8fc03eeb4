package org.jpatroni.watchdog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig.Mode;
import org.jpatroni.model.WatchdogStatus;
import org.jpatroni.model.WatchdogStatus.State;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The configured watchdog device. Its timer is started anew only with a fresh confirmation of the lease, and only when it would run out before
 * the lease does. Safe to be called from several threads.
 */
public final class DeviceWatchdog implements Watchdog {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceWatchdog.class);

    /** What could not be opened is not tried again by a race before this time: another member may be able to lead. */
    private static final Duration FAILURE_COUNTS = Duration.ofSeconds(30);

    /** With a margin of less than this a keep-alive may be as late as that. */
    private static final long LEAST_LATENESS_NANOS = 1_000_000_000L;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /**
     * An open device.
     *
     * @param driver by which it was opened
     * @param askedSeconds the timeout that it was asked for
     * @param timeoutSeconds the timeout that it has
     */
    private record Open(WatchdogDevice device, WatchdogDevice.Traits traits, String driver, int askedSeconds,
            int timeoutSeconds, long actsAtNanos) {
    }

    private final Time time;
    private final BiFunction<String, String, WatchdogDevice> drivers;
    private WatchdogConfig config;
    private @Nullable Open open;
    private Optional<Long> failedAtNanos = Optional.empty();
    private String lastComplaint = "";

    public DeviceWatchdog(WatchdogConfig config, Time time) {
        this(config, time, (driver, path) -> driver.equals("testing")
                ? new TestingDevice(path)
                : new LinuxDevice(path));
    }

    /** @param drivers driver and path to device */
    DeviceWatchdog(WatchdogConfig config, Time time, BiFunction<String, String, WatchdogDevice> drivers) {
        this.config = config;
        this.time = time;
        this.drivers = drivers;
    }

    /** Another section {@code watchdog}: a watchdog that is turned off is closed now, other changes come with the next keep-alive. */
    public synchronized void reconfigure(WatchdogConfig changed) {
        config = changed;
        failedAtNanos = Optional.empty();
        lastComplaint = "";
        if (changed.mode() == Mode.OFF) {
            disable();
        }
    }

    /** The timeout that goes with a ttl: the safety margin before the end of the lease, half of the ttl for a margin of -1. */
    static int timeoutSeconds(WatchdogConfig config, Times times) {
        return config.safetyMarginSeconds() == -1
                ? times.ttlSeconds() / 2
                : times.ttlSeconds() - config.safetyMarginSeconds();
    }

    private static int slackSeconds(WatchdogConfig config, Times times) {
        return timeoutSeconds(config, times) - times.loopWaitSeconds();
    }

    @Override
    public synchronized WatchdogStatus status(Times times) {
        boolean required = config.mode() == Mode.REQUIRED;
        Open now = open;
        if (now != null) {
            return new WatchdogStatus(config.mode() != Mode.OFF, required, State.ACTIVE, now.timeoutSeconds(),
                    now.traits().resets() ? Optional.of(now.actsAtNanos()) : Optional.empty());
        }
        boolean wanted = required || config.mode() == Mode.AUTOMATIC && isThere();
        boolean usable = wanted && isThere() && slackSeconds(config, times) >= 0 && !hasJustFailed();
        return new WatchdogStatus(wanted, required, usable ? State.CLOSED : State.UNUSABLE, 0, Optional.empty());
    }

    private boolean isThere() {
        return (config.driver().equals("default") || config.driver().equals("testing"))
                && Files.isWritable(Path.of(config.device()));
    }

    private boolean hasJustFailed() {
        return failedAtNanos.filter(at -> time.nanos() - at < FAILURE_COUNTS.toNanos()).isPresent();
    }

    @Override
    public synchronized void activate(Times times, long leaseDeadlineNanos) {
        if (open != null || config.mode() == Mode.OFF) {
            return;
        }
        WatchdogDevice device = drivers.apply(config.driver(), config.device());
        try {
            if (slackSeconds(config, times) < 0) {
                throw new IOException("its timeout would be shorter than loop_wait");
            }
            Open opened = adjusted(device, device.open(), times);
            if (isFresh(opened.timeoutSeconds(), times, leaseDeadlineNanos)) {
                device.keepAlive();
            }
            open = opened;
            failedAtNanos = Optional.empty();
            lastComplaint = "";
            warnOfTraits(opened);
            tell("activated", opened, times);
        } catch (IOException refused) {
            giveUp(device);
            complain("Could not activate the watchdog at " + device.path() + ": " + refused.getMessage());
        }
    }

    @Override
    public synchronized void keepAlive(Times times, long leaseDeadlineNanos) {
        Open now = open;
        if (now == null) {
            return;
        }
        if (!now.device().path().equals(config.device()) || !now.driver().equals(config.driver())) {
            disable();
            activate(times, leaseDeadlineNanos);
            return;
        }
        int wanted = timeoutSeconds(config, times);
        try {
            if (wanted != now.askedSeconds() && isFresh(wanted, times, leaseDeadlineNanos)) {
                Open changed = adjusted(now.device(), now.traits(), times);
                now.device().keepAlive();
                open = changed;
                tell("updated", changed, times);
            } else if (isFresh(now.timeoutSeconds(), times, leaseDeadlineNanos)) {
                long actsAtNanos = time.nanos() + now.timeoutSeconds() * NANOS_PER_SECOND;
                now.device().keepAlive();
                open = new Open(now.device(), now.traits(), now.driver(), now.askedSeconds(), now.timeoutSeconds(),
                        actsAtNanos);
            } else {
                LOG.warn("The watchdog is not kept alive: the store took so long to confirm the leader lock that it"
                        + " ends before the watchdog would act");
            }
        } catch (IOException broken) {
            open = null;
            now.device().abandon();
            complain("Could not keep the watchdog at " + now.device().path() + " alive: " + broken.getMessage());
        }
    }

    /** Whether a timer that starts now runs out before the lease. One that is longer than the ttl never does: who has it was warned. */
    private boolean isFresh(int timeoutSeconds, Times times, long leaseDeadlineNanos) {
        long confirmedAt = leaseDeadlineNanos - times.ttlSeconds() * NANOS_PER_SECOND;
        long marginNanos = (times.ttlSeconds() - timeoutSeconds) * NANOS_PER_SECOND;
        return time.nanos() - confirmedAt <= Math.max(marginNanos, LEAST_LATENESS_NANOS);
    }

    /** Sets the timeout of an open device, as far as it can be set, and looks whether what it is now will do. */
    private Open adjusted(WatchdogDevice device, WatchdogDevice.Traits traits, Times times) throws IOException {
        int wanted = timeoutSeconds(config, times);
        long startedAtNanos = time.nanos();
        if (traits.settable()) {
            device.setTimeout(wanted);
        }
        int actual = device.timeout();
        if (actual < times.loopWaitSeconds()) {
            throw new IOException("its timeout of " + actual + " s is shorter than loop_wait");
        }
        if (actual > wanted && config.mode() == Mode.REQUIRED) {
            throw new IOException("its timeout is " + actual + " s, and only up to " + wanted + " s would be safe");
        }
        if (actual > wanted) {
            LOG.warn("Watchdog timeout {} seconds does not ensure safe termination within {} seconds", actual, wanted);
        }
        return new Open(device, traits, config.driver(), wanted, actual, startedAtNanos + actual * NANOS_PER_SECOND);
    }

    private static void warnOfTraits(Open opened) {
        if (!opened.traits().closable()) {
            LOG.warn("The watchdog at {} cannot be disabled: it will reset the machine after this node has lost the"
                    + " leader key", opened.device().path());
        }
        if (!opened.traits().resets()) {
            LOG.warn("The watchdog at {} only raises an alarm: the guard process stays on", opened.device().path());
        }
    }

    private static void tell(String what, Open opened, Times times) {
        LOG.info("{} at {} {} with {} second timeout, timing slack {} seconds", opened.traits().identity(),
                opened.device().path(), what, opened.timeoutSeconds(),
                opened.timeoutSeconds() - times.loopWaitSeconds());
    }

    private void complain(String text) {
        failedAtNanos = Optional.of(time.nanos());
        if (!text.equals(lastComplaint) && config.mode() == Mode.REQUIRED) {
            LOG.error("{}", text);
        } else if (!text.equals(lastComplaint)) {
            LOG.warn("{}", text);
        }
        lastComplaint = text;
    }

    @Override
    public synchronized void disable() {
        Open now = open;
        if (now == null) {
            return;
        }
        open = null;
        if (!now.traits().closable()) {
            LOG.warn("The watchdog at {} cannot be disabled: the machine will be reset in {} seconds",
                    now.device().path(), now.timeoutSeconds());
        }
        try {
            if (!now.traits().closable()) {
                now.device().keepAlive();
            }
            now.device().closeInOrder();
            LOG.info("Watchdog at {} disabled", now.device().path());
        } catch (IOException broken) {
            now.device().abandon();
            LOG.error("The watchdog at {} could not be disabled: {}", now.device().path(), broken.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        Open now = open;
        if (now != null) {
            open = null;
            LOG.warn("Leaving the watchdog at {} running: PostgreSQL was not stopped in order", now.device().path());
            now.device().abandon();
        }
    }

    /** A device that is of no use is closed in order, if it was opened at all. */
    private static void giveUp(WatchdogDevice device) {
        if (device.isOpen()) {
            try {
                device.closeInOrder();
            } catch (IOException broken) {
                device.abandon();
            }
        }
    }
}
