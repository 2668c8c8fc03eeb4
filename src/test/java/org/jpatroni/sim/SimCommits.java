package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Commits of one server and what they wait for, as PostgreSQL does it: a commit is in the WAL at once; the client hears of it when the
 * standbys that {@code synchronous_standby_names} asks for have flushed it, or when a reload has emptied the setting. Who is cut off
 * before that has heard nothing.
 */
final class SimCommits {

    private final SimKernel kernel;
    private final SimPostgres server;
    private final List<SimWal.Entry> waiting = new ArrayList<>();
    private BiConsumer<SimPostgres, SimWal.Entry> acknowledged = (primary, commit) -> {
    };
    private String configured = "";
    private String effective = "";
    private SimStandbyNames names = SimStandbyNames.NONE;

    SimCommits(SimKernel kernel, SimPostgres server) {
        this.kernel = kernel;
        this.server = server;
    }

    /** Told of every commit that a client knows to be done. */
    void onAcknowledged(BiConsumer<SimPostgres, SimWal.Entry> listener) {
        acknowledged = listener;
    }

    /** Writes the setting into the configuration; a running server takes it over a moment after the reload. */
    void configure(String setting) {
        if (setting.equals(configured)) {
            return;
        }
        configured = setting;
        server.trace("synchronous_standby_names = '" + setting + "'");
        SimStandbyNames.parse(setting);
        long millis = kernel.random().chance(0.1) ? kernel.random().between(50, 1500) : kernel.random().between(1, 30);
        kernel.afterMillis(millis, () -> {
            if (setting.equals(configured) && server.phase() != SimPostgres.Phase.DOWN) {
                takeEffect();
            }
        });
    }

    /** A postmaster has started and read its configuration. */
    void takeEffect() {
        effective = configured;
        names = SimStandbyNames.parse(effective);
        releaseDone();
        server.changed();
    }

    /** What {@code SHOW} says. */
    String shown() {
        return effective;
    }

    /** What the configuration file says. */
    String configured() {
        return configured;
    }

    SimStandbyNames names() {
        return names;
    }

    void written(SimWal.Entry commit) {
        waiting.add(commit);
        releaseDone();
    }

    /** A standby has reported, or the setting has changed: whoever has waited long enough goes on. */
    void releaseDone() {
        if (waiting.isEmpty()) {
            return;
        }
        long until = releasedLsn();
        while (!waiting.isEmpty() && waiting.getFirst().endLsn() <= until) {
            acknowledged.accept(server, waiting.removeFirst());
        }
    }

    /** All sessions are ended: the clients that wait are told that their commit may not have been replicated, or nothing at all. */
    void endSessions() {
        waiting.clear();
    }

    /** The oldest client has had enough: its cancelled wait is no acknowledgement. */
    void cancelOldest() {
        if (!waiting.isEmpty()) {
            server.trace("canceling wait for synchronous replication due to user request");
            waiting.removeFirst();
        }
    }

    /** How many clients wait. */
    int waiting() {
        return waiting.size();
    }

    private long releasedLsn() {
        if (names.isEmpty()) {
            return Long.MAX_VALUE;
        }
        List<SimReceiver> candidates = new ArrayList<>();
        for (SimReceiver follower : server.receiver().followers()) {
            if (follower.isCaughtUp() && follower.reportedLsn() >= 0
                    && names.priorityOf(follower.name()).isPresent()) {
                candidates.add(follower);
            }
        }
        if (candidates.size() < names.count()) {
            return -1;
        }
        if (names.any()) {
            candidates.sort(Comparator.comparingLong(SimReceiver::reportedLsn).reversed());
            return candidates.get(names.count() - 1).reportedLsn();
        }
        candidates.sort(Comparator.comparingInt(follower -> names.priorityOf(follower.name()).orElseThrow()));
        return candidates.subList(0, names.count()).stream().mapToLong(SimReceiver::reportedLsn).min().orElse(-1);
    }

    /** {@code sync_state} of a walsender: {@code sync}, {@code quorum}, {@code potential} or {@code async}. */
    String syncStateOf(SimReceiver follower) {
        if (names.priorityOf(follower.name()).isEmpty()) {
            return "async";
        }
        if (names.any()) {
            return "quorum";
        }
        int before = 0;
        for (SimReceiver other : server.receiver().followers()) {
            boolean listed = other.isCaughtUp() && names.priorityOf(other.name()).isPresent();
            before += listed && other != follower
                    && names.priorityOf(other.name()).orElseThrow() < names.priorityOf(follower.name()).orElseThrow()
                            ? 1
                            : 0;
        }
        return before < names.count() && follower.isCaughtUp() ? "sync" : "potential";
    }
}
