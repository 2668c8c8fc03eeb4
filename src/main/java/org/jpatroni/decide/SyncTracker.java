package org.jpatroni.decide;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.StandbyNames;

/**
 * Finds the position past which every commit waits as the present {@code synchronous_standby_names} say. It is taken from a look at the
 * server that began some time after the setting was first seen, because the processes of PostgreSQL read it one after the other.
 */
final class SyncTracker {

    /** PostgreSQL's processes need a few milliseconds. */
    private static final Duration SETTLING = Duration.ofMillis(100);

    /** A process that does something else for longer than this is not waited for: commits would wait as long for a standby that is gone. */
    private static final Duration SETTLING_LIMIT = Duration.ofSeconds(5);

    private SyncTracker() {
    }

    /**
     * How long a standby that is about to be promoted waits for its processes to take over whom commits shall wait for; zero when they have,
     * or when nobody is waited for.
     */
    static Duration untilSettled(Situation s, StandbyNames names) {
        Long changedAt = s.memory().tried().get("SetStandbyNames");
        if (changedAt == null || names.equals(StandbyNames.NONE)) {
            return Duration.ZERO;
        }
        Duration age = Duration.ofNanos(s.facts().cycleStartNanos() - changedAt);
        boolean settled = s.replication().filter(standby -> standby.sync().settled()).isPresent();
        return age.compareTo(settled ? SETTLING : SETTLING_LIMIT) >= 0 ? Duration.ZERO : SETTLING;
    }

    /** The memory as of these facts. */
    static Memory track(Facts facts, Memory memory) {
        SyncMemory before = memory.sync();
        Optional<Replication> replication = facts.postgres().replication();
        if (replication.isEmpty()) {
            return memory;
        }
        if (replication.get().inRecovery() || !facts.dynamic().isSynchronous()) {
            return memory.withSync(SyncMemory.NOTHING.withAsideSince(before.asideSinceNanos()));
        }
        Replication primary = replication.get();
        String names = primary.sync().standbyNames();
        SyncMemory now = before.primarySinceNanos().isPresent()
                ? before
                : before.withNames(names, facts.nowNanos()).withPrimarySince(Optional.of(facts.nowNanos()));
        if (!now.standbyNames().equals(names)) {
            now = now.withNames(names, facts.nowNanos());
        }
        Duration age = Duration.ofNanos(facts.cycleStartNanos() - now.seenAtNanos());
        boolean settled = primary.sync().settled() ? age.compareTo(SETTLING) >= 0 : age.compareTo(SETTLING_LIMIT) >= 0;
        Optional<Lsn> position = primary.writtenLsn();
        if (now.safeLsn().isEmpty() && settled && position.isPresent()) {
            now = now.withSafeLsn(position.get());
        }
        return memory.withSync(now);
    }
}
