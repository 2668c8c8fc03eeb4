package org.jpatroni.decide;

import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;

/** Situations of failsafe mode, as changes to a {@link World}. */
final class FailsafeWorld {

    static final String URL = "http://127.0.0.1:1/patroni";

    private FailsafeWorld() {
    }

    static Facts.Node node(boolean mayBootstrap, boolean clonesWithoutLeader) {
        return new Facts.Node("a", URL, "postgres://a:5432/postgres", Optional.empty(), "4.1.4", mayBootstrap,
                clonesWithoutLeader);
    }

    /** The mode on, and these members stored. */
    static Consumer<World> on(String... members) {
        return w -> {
            w.dynamic(FailsafeWorld::withMode);
            stored(members).accept(w);
        };
    }

    static Consumer<World> stored(String... members) {
        return w -> {
            TreeMap<String, String> urls = new TreeMap<>();
            List.of(members).forEach(name -> urls.put(name, URL));
            stored(w, urls);
        };
    }

    /** What is stored under {@code failsafe}. */
    static void stored(World world, SortedMap<String, String> urls) {
        world.snapshot(s -> new ClusterSnapshot(s.initialize(), s.config(), s.leader(), s.status(), s.members(),
                s.failover(), s.sync(), s.history(), urls));
    }

    /** All have agreed until then; the last round was sent at {@code sentAt} and has failed since. */
    static Failsafe agreed(long until, long sentAt, Optional<Long> failingSince) {
        FailsafeAnswer b = failingSince.isPresent()
                ? FailsafeAnswer.unreachable("b", "no answer")
                : new FailsafeAnswer("b", FailsafeAnswer.Kind.ACCEPTED, Optional.of(new Lsn(1000)), "Accepted");
        return new Failsafe(Optional.empty(), Optional.of(new Failsafe.Round(sentAt, List.of(b), failingSince)),
                Optional.of(until));
    }

    /** This node has promised {@code name} to stand back. */
    static Failsafe promisedTo(String name) {
        FailsafePing ping = new FailsafePing(name, "postgres://" + name + ":5432/postgres", URL,
                Optional.of(new TreeMap<>(Map.of("c", new Lsn(500)))), 30);
        return new Failsafe(Optional.of(new Failsafe.Announced(ping, NOW - SECOND, NOW + 29 * SECOND)),
                Optional.empty(), Optional.empty());
    }

    /** Values of an axis of the fact space. The store is down in some, because it seldom is otherwise. */
    static FactSpace.Axis axis() {
        return new FactSpace.Axis("failsafe", true, List.of(new FactSpace.Value("off", w -> {
        }), new FactSpace.Value("on, not stored", on()), new FactSpace.Value("on, alone", on("a")),
                new FactSpace.Value("on, stored", on("a", "b", "c")),
                new FactSpace.Value("on, without me", on("b", "c")),
                new FactSpace.Value("off, still stored", stored("a", "b")),
                new FactSpace.Value("on, store down", on("a", "b", "c").andThen(World::storeDown)),
                new FactSpace.Value("agreed, store down", on("a", "b", "c").andThen(World::storeDown)
                        .andThen(w -> w.failsafe(agreed(NOW + 29 * SECOND, NOW + 1, Optional.empty())))),
                new FactSpace.Value("agreed, fails", on("a", "b", "c").andThen(World::storeDown)
                        .andThen(w -> w.failsafe(agreed(NOW + 25 * SECOND, NOW + 1, Optional.of(NOW + 1))))),
                new FactSpace.Value("agreed, fails for long", on("a", "b", "c").andThen(World::storeDown)
                        .andThen(w -> w
                                .failsafe(agreed(NOW + 15 * SECOND, NOW + 1, Optional.of(NOW - 11 * SECOND))))),
                new FactSpace.Value("promised to b", w -> w.failsafe(promisedTo("b")))));
    }

    @SuppressWarnings("NullAway") // values are passed on as they are
    static DynamicConfig withMode(DynamicConfig d) {
        return new DynamicConfig(d.ttlSeconds(), d.loopWaitSeconds(), d.retryTimeoutSeconds(),
                d.maximumLagOnFailoverBytes(), d.maximumLagOnSyncnodeBytes(), d.primaryStartTimeoutSeconds(),
                d.primaryStopTimeoutSeconds(), d.primaryRaceBackoffSeconds(), d.checkTimeline(), d.pause(), true,
                d.sync(), d.maxTimelinesHistory(), d.memberSlotsTtlSeconds(), d.standbyCluster(), d.slots(),
                d.ignoreSlots(), d.useSlots(), d.usePgRewind(), d.removeDataDirectoryOnRewindFailure(),
                d.removeDataDirectoryOnDivergedTimelines(), d.postgresql(), d.tree());
    }
}
