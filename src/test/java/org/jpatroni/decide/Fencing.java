package org.jpatroni.decide;

import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.decide.FactSpace.Axis;
import org.jpatroni.decide.FactSpace.Value;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.Tags;
import org.jpatroni.model.WatchdogStatus;
import org.jpatroni.model.WatchdogStatus.State;

/** Watchdog devices and {@code primary_race_backoff} as facts. */
final class Fencing {

    static final WatchdogStatus REQUIRED = new WatchdogStatus(true, true, State.CLOSED, 0, Optional.empty());
    static final WatchdogStatus REQUIRED_UNUSABLE = new WatchdogStatus(true, true, State.UNUSABLE, 0,
            Optional.empty());
    static final WatchdogStatus AUTOMATIC = new WatchdogStatus(true, false, State.CLOSED, 0, Optional.empty());
    static final WatchdogStatus AUTOMATIC_UNUSABLE = new WatchdogStatus(true, false, State.UNUSABLE, 0,
            Optional.empty());

    static final Axis AXIS = new Axis("fencing", true, List.of(new Value("none", w -> {
    }), new Value("required", w -> w.watchdog(REQUIRED)),
            new Value("required, lease confirmed before", w -> w.watchdog(REQUIRED).leaderKey("a", true)
                    .lease(NOW - 3 * SECOND, NOW + 27 * SECOND)),
            new Value("required, not confirmed in this cycle", w -> w.watchdog(REQUIRED).leaderKey("a", true)
                    .lease(NOW - 3 * SECOND, NOW + 27 * SECOND)
                    .memory(m -> m.withTried(new TreeMap<>(java.util.Map.of("RenewLease", NOW + 1))))),
            new Value("required, tried in this cycle", w -> tried(w.watchdog(REQUIRED_UNUSABLE))),
            new Value("required, unusable", w -> w.watchdog(REQUIRED_UNUSABLE)),
            new Value("required, unusable, no cluster",
                    w -> w.watchdog(REQUIRED_UNUSABLE).noLeader().initialize(Optional.empty())),
            new Value("required, active", w -> w.watchdog(active(25))),
            new Value("active, about to act", w -> w.watchdog(active(3))),
            new Value("automatic", w -> w.watchdog(AUTOMATIC)),
            new Value("automatic, tried in this cycle", w -> tried(w.watchdog(AUTOMATIC_UNUSABLE))),
            new Value("a preferred one lacks the last record",
                    w -> w.noLeader().standbyAt(1100, "b", "").peers(preferred(1000))),
            new Value("race backs off", w -> w.noLeader().dynamic(d -> backoff(30))),
            new Value("race backs off, moving", w -> since(w.noLeader(), 20, NOW - SECOND)),
            new Value("race backs off, quiet", w -> since(w.noLeader(), 20, NOW - 15 * SECOND)),
            new Value("race backs off, over", w -> since(w.noLeader(), 31, NOW - SECOND))));

    private Fencing() {
    }

    /** Member c with a higher priority. */
    static PeerAnswer preferred(long position) {
        return World.peer("c", position, new Tags(java.util.Map.of("failover_priority", 3)));
    }

    static WatchdogStatus active(int actsInSeconds) {
        return new WatchdogStatus(true, true, State.ACTIVE, 25, Optional.of(NOW + actsInSeconds * SECOND));
    }

    static World tried(World world) {
        TreeMap<String, Long> tried = new TreeMap<>(world.memory().tried());
        tried.put("ActivateWatchdog", NOW + 1);
        return world.memory(m -> m.withTried(tried));
    }

    static DynamicConfig backoff(int seconds) {
        return DynamicConfigReader.read("{\"primary_race_backoff\": " + seconds + "}", DynamicConfig.DEFAULT).config();
    }

    /** Backing off for so long already; the standby at 1000 had come that far when it last moved. */
    static World since(World world, int seconds, long movedAtNanos) {
        return world.dynamic(d -> backoff(30)).memory(m -> m.withBackoff(
                new Memory.Backoff(Optional.of(NOW - seconds * SECOND), new Lsn(1000), movedAtNanos)));
    }
}
