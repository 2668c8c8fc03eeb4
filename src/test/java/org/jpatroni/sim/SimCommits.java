package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.SyncView;

/**
 * Commits of one server and what they wait for, as PostgreSQL does it: a commit is in the WAL at once; the client hears of it when the
 * standbys that {@code synchronous_standby_names} asks for have flushed it, or when a reload has emptied the setting. Who is cut off
 * before that has heard nothing. The checkpointer, which tells the sessions to wait, is busy with something else for no longer than five seconds.
 */
final class SimCommits {

    private static final long NOTHING = -1;
    private final SimKernel kernel;
    private final SimPostgres server;
    private final List<SimWal.Entry> waiting = new ArrayList<>();
    private BiConsumer<SimPostgres, SimWal.Entry> acknowledged = (primary, commit) -> {
    };
    private String configured = "";
    private String shown = "";
    private boolean isDecided;
    private boolean sessionsWait;
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
    void configure(Optional<String> decided) {
        isDecided = decided.isPresent();
        String setting = decided.orElse("");
        if (setting.equals(configured)) {
            return;
        }
        configured = setting;
        server.trace("synchronous_standby_names = '" + setting + "'");
        SimStandbyNames.parse(setting);
        SimRandom random = kernel.random();
        kernel.afterMillis(random.between(1, 30), () -> {
            if (setting.equals(configured) && server.phase() != SimPostgres.Phase.DOWN) {
                names = SimStandbyNames.parse(setting);
                shown = setting;
                releaseDone();
                server.changed();
            }
        });
        long busyMillis = random.chance(0.2) ? random.between(30, 4500) : random.between(1, 40);
        kernel.afterMillis(busyMillis, () -> {
            if (setting.equals(configured) && server.phase() != SimPostgres.Phase.DOWN) {
                // The checkpointer reads the file by itself, before or after the senders do.
                sessionsWait = !SimStandbyNames.parse(setting).isEmpty();
                releaseDone();
                server.changed();
            }
        });
    }

    /** A postmaster has started and read its configuration. */
    void takeEffect() {
        shown = configured;
        names = SimStandbyNames.parse(shown);
        sessionsWait = !names.isEmpty();
    }

    /** Whether the running server has read the file again. */
    boolean isShown() {
        return shown.equals(configured);
    }

    /** What the server says of all this. */
    SyncView view() {
        List<SyncView.Standby> standbys = server.inRecovery()
                ? List.of()
                : server.receiver().followers().stream().map(this::row).toList();
        return new SyncView(shown, "on", isSettled(), isDecided, standbys);
    }

    private SyncView.Standby row(SimReceiver follower) {
        Optional<Lsn> flushed = follower.reportedLsn() < 0
                ? Optional.empty()
                : Optional.of(new Lsn(follower.reportedLsn()));
        return new SyncView.Standby(follower.name(), follower.senderPid(),
                follower.isCaughtUp() ? "streaming" : "catchup", syncStateOf(follower), flushed, flushed, flushed);
    }

    /** What {@code SHOW} says, and senders go by. */
    String shown() {
        return shown;
    }

    /** What the configuration file says. */
    String configured() {
        return configured;
    }

    /** Whether the checkpointer, which may be busy, has told all sessions whether to wait. */
    boolean isSettled() {
        return sessionsWait != names.isEmpty();
    }

    /** Whether a commit waits at all. */
    boolean sessionsWait() {
        return sessionsWait;
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
        if (!sessionsWait || names.isEmpty()) {
            return sessionsWait ? NOTHING : Long.MAX_VALUE;
        }
        List<SimReceiver> candidates = new ArrayList<>();
        for (SimReceiver follower : server.receiver().followers()) {
            if (follower.isCaughtUp() && follower.reportedLsn() >= 0
                    && names.priorityOf(follower.name()).isPresent()) {
                candidates.add(follower);
            }
        }
        if (candidates.size() < names.count()) {
            return NOTHING;
        }
        if (names.any()) {
            candidates.sort(Comparator.comparingLong(SimReceiver::reportedLsn).reversed());
            return candidates.get(names.count() - 1).reportedLsn();
        }
        candidates.sort(Comparator.comparingInt(follower -> names.priorityOf(follower.name()).orElseThrow()));
        return candidates.subList(0, names.count()).stream().mapToLong(SimReceiver::reportedLsn).min().orElse(NOTHING);
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
