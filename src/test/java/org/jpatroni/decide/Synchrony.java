package org.jpatroni.decide;

import static org.jpatroni.decide.World.NOW;
import static org.jpatroni.decide.World.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.decide.FactSpace.Axis;
import org.jpatroni.decide.FactSpace.Value;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.SyncView;
import org.jpatroni.model.SyncView.Standby;

/** Synchronous replication as facts of member {@code a}. */
final class Synchrony {

    static final String ON = "{\"synchronous_mode\": true}";
    static final String STRICT = "{\"synchronous_mode\": true, \"synchronous_mode_strict\": true}";
    static final String QUORUM = "{\"synchronous_mode\": \"quorum\"}";
    static final String STRICT_QUORUM = "{\"synchronous_mode\": \"quorum\", \"synchronous_mode_strict\": true}";
    static final String OFF = "{\"synchronous_mode\": false}";

    static final Axis AXIS = new Axis("synchronous", true, List.of(new Value("off", w -> {
    }), new Value("on, not taken up", w -> mode(w, ON)),
            new Value("on, b leads, a listed", w -> stored(mode(w, ON), "b", 0, "a")),
            new Value("on, b leads, c listed", w -> stored(mode(w, ON), "b", 0, "c")),
            new Value("on, alone", w -> primary(stored(mode(w, ON), "a", 0), "")),
            new Value("on, b connects", w -> primary(stored(mode(leading(w), ON), "a", 0), "", "b async 1000")),
            new Value("on, b caught up", w -> primary(stored(mode(w, ON), "a", 0), "b", "b sync 1000")),
            new Value("on, b lags", w -> primary(stored(mode(w, ON), "a", 0), "b", "b sync 10")),
            new Value("on, settled", w -> primary(stored(mode(w, ON), "a", 0, "b"), "b", "b sync 1000")),
            new Value("on, in doubt",
                    w -> doubt(primary(stored(mode(leading(w), ON), "a", 0, "b"), "b", "b sync 1000"))),
            new Value("on, names of a primary", w -> primary(stored(mode(w, ON), "b", 0, "a"), "c")),
            new Value("on, nothing stored in time",
                    w -> stored(mode(w, ON), "b", 0, "a").memory(m -> tried(m, "SetStandbyNames", "WriteSync"))),
            new Value("strict, alone", w -> primary(stored(mode(leading(w), STRICT), "a", 0), "")),
            new Value("strict, still alone", w -> primary(stored(mode(w, STRICT), "a", 0), "")
                    .memory(m -> m.withSync(m.sync().withStrictTold(true)))),
            new Value("strict, b leads, a listed", w -> stored(mode(w, STRICT), "b", 0, "a")),
            new Value("quorum, b leads, both listed", w -> stored(mode(w, QUORUM), "b", 1, "a", "c")),
            new Value("quorum, c connects", w -> primary(stored(mode(leading(w), QUORUM), "a", 0, "b"), "ANY 1 (b)",
                    "b quorum 1000", "c async 1000")),
            new Value("off, but stored", w -> stored(mode(leading(w), OFF), "a", 0, "b")),
            new Value("off, names set before", w -> managed(mode(leading(w), OFF))),
            new Value("ends as a synchronous standby",
                    w -> stored(mode(w, ON), "b", 0, "a").shutdown().leaderKey("b", false)
                            .standbyAt(1000, "b", "streaming").role(PostgresRole.REPLICA).state(PostgresState.RUNNING)
                            .memory(m -> m.withPublished("running/replica/nosync", NOW)))));

    private Synchrony() {
    }

    private static World leading(World world) {
        return world.leaderKey("a", true).lease(NOW, NOW + 30 * SECOND).up(Replications.primary(1000, 1));
    }

    static World mode(World world, String json) {
        return world.dynamic(d -> config(json));
    }

    static DynamicConfig config(String json) {
        return DynamicConfigReader.read(json, DynamicConfig.DEFAULT).config();
    }

    static World stored(World world, String leader, int quorum, String... standbys) {
        return world.sync(new SyncState(Optional.of(leader), List.of(standbys), quorum, 3));
    }

    /** Names in effect, known to be so for long, and what is connected: name, state and position. */
    static World primary(World world, String names, String... connected) {
        List<Standby> standbys = new ArrayList<>();
        for (String each : connected) {
            String[] parts = each.split(" ", -1);
            Optional<Lsn> at = Optional.of(new Lsn(Long.parseLong(parts[2])));
            standbys.add(new Standby(parts[0], 7, "streaming", parts[1], at, at, at));
        }
        world.facts().postgres().replication()
                .ifPresent(up -> world.up(up.withSync(new SyncView(names, "on", true, true, standbys))));
        return world.memory(m -> m.withSync(new SyncMemory(names, NOW - 100 * SECOND, Optional.of(new Lsn(900)),
                Optional.of(NOW - 100 * SECOND), false, false, Optional.empty())));
    }

    static World managed(World world) {
        world.facts().postgres().replication()
                .ifPresent(up -> world.up(up.withSync(new SyncView("b", "on", true, true, List.of()))));
        return world;
    }

    static World doubt(World world) {
        return world.memory(m -> m.withSync(m.sync().withStoreInDoubt(true)));
    }

    static Memory tried(Memory memory, String... kinds) {
        TreeMap<String, Long> tried = new TreeMap<>(Map.of());
        for (String kind : kinds) {
            tried.put(kind, NOW);
        }
        return memory.withTried(tried);
    }
}
