package org.jpatroni.model;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the agent sees of its own PostgreSQL at one instant: the data directory and the process.
 *
 * @param data the data directory
 * @param postmaster the postmaster
 * @param pendingRestart parameters that wait for a restart: name to {@code {old_value, new_value}}; empty when none
 */
public record PostgresView(Data data, Postmaster postmaster, Map<String, @Nullable Object> pendingRestart) {

    public PostgresView {
        pendingRestart = Tree.copyOf(pendingRestart);
    }

    /** The data directory. */
    public sealed interface Data {

        /** Missing, or empty. */
        record Empty() implements Data {
        }

        /** Not readable, or not a data directory of PostgreSQL, or half made; the reason is for the operator. */
        record Unusable(String reason) implements Data {
        }

        /**
         * A data directory.
         *
         * @param control its control file
         * @param standbySignal whether {@code standby.signal} (or {@code recovery.signal}) is there
         * @param majorVersion from {@code PG_VERSION}, for example 15
         */
        record Present(ControlData control, boolean standbySignal, int majorVersion) implements Data {
        }
    }

    /** The postmaster. A zombie is not alive. */
    public sealed interface Postmaster {

        /** No postmaster. */
        record Absent() implements Postmaster {
        }

        /** A postmaster that does not accept connections yet (recovery before consistency counts as starting). */
        record Starting(long pid) implements Postmaster {
        }

        /** A postmaster that is shutting down. */
        record Stopping(long pid) implements Postmaster {
        }

        /** A postmaster that did not answer the question in time, or refused it; it may well be serving others. */
        record Unresponsive(long pid, String cause) implements Postmaster {
        }

        /** A postmaster that answered. */
        record Up(long pid, Replication replication) implements Postmaster {
        }
    }

    /**
     * What a running PostgreSQL says of its replication.
     *
     * @param inRecovery {@code pg_is_in_recovery()}
     * @param timeline of the WAL being written; on a standby that of the receiver, or of the control file
     * @param writtenLsn position written (primary only)
     * @param receivedLsn position received from upstream (standby only)
     * @param replayedLsn position replayed (standby only)
     * @param replayPaused replay is paused (standby only)
     * @param receiverState state of the WAL receiver, for example {@code streaming}
     * @param primaryConninfo {@code primary_conninfo} in effect, without the password
     * @param primarySlotName {@code primary_slot_name} in effect
     * @param hasRestoreCommand {@code restore_command} is set: without a receiver it replays from the archive
     * @param slots replication slots by name, without temporary ones and those that PostgreSQL synchronizes itself
     * @param serverVersion number, for example 150018
     * @param sync what it says of synchronous replication
     * @param slotSettings what the settings permit to slots
     */
    public record Replication(boolean inRecovery, OptionalInt timeline, Optional<Lsn> writtenLsn,
            Optional<Lsn> receivedLsn, Optional<Lsn> replayedLsn, boolean replayPaused, Optional<String> receiverState,
            Optional<String> primaryConninfo, Optional<String> primarySlotName, boolean hasRestoreCommand,
            SortedMap<String, SlotView> slots,
            int serverVersion, Optional<Instant> postmasterStart, SyncView sync,
            SlotSettings slotSettings) {

        /** One that has nothing to say of synchronous replication and of slots. */
        public Replication(boolean inRecovery, OptionalInt timeline, Optional<Lsn> writtenLsn,
                Optional<Lsn> receivedLsn, Optional<Lsn> replayedLsn, boolean replayPaused,
                Optional<String> receiverState, Optional<String> primaryConninfo, Optional<String> primarySlotName,
                boolean hasRestoreCommand, SortedMap<String, SlotView> slots, int serverVersion,
                Optional<Instant> postmasterStart) {
            this(inRecovery, timeline, writtenLsn, receivedLsn, replayedLsn, replayPaused, receiverState,
                    primaryConninfo, primarySlotName, hasRestoreCommand, slots, serverVersion, postmasterStart,
                    SyncView.NOTHING, SlotSettings.DEFAULT);
        }

        public Replication {
            slots = Collections.unmodifiableSortedMap(new TreeMap<>(slots));
        }

        /** The same with another view of synchronous replication. */
        public Replication withSync(SyncView changed) {
            return new Replication(inRecovery, timeline, writtenLsn, receivedLsn, replayedLsn, replayPaused,
                    receiverState, primaryConninfo, primarySlotName, hasRestoreCommand, slots, serverVersion,
                    postmasterStart, changed, slotSettings);
        }

        /** Patroni's replication state of a standby without receiver. */
        public Optional<String> archiveRecovery() {
            return inRecovery && hasRestoreCommand ? Optional.of("in archive recovery") : Optional.empty();
        }

        /** The position that counts in a leader race: written, or the later of received and replayed. */
        public Lsn walPosition() {
            Lsn received = receivedLsn.orElse(Lsn.ZERO);
            Lsn replayed = replayedLsn.orElse(Lsn.ZERO);
            return writtenLsn.orElse(received.isAfter(replayed) ? received : replayed);
        }
    }

    /**
     * A replication slot.
     *
     * @param decoding what it is for when it is a logical one; empty: physical
     * @param active whether a receiver uses it now
     * @param restartLsn oldest WAL it keeps; empty when it was created without reserving any, or has lost it
     * @param holdsRows it has an {@code xmin}: rows are kept for the standby that used it with {@code hot_standby_feedback}
     * @param lost invalidated by PostgreSQL ({@code wal_status} is {@code lost}): nobody can use it any more
     */
    public record SlotView(Optional<Decoding> decoding, boolean active, Optional<Lsn> restartLsn, boolean holdsRows,
            boolean lost) {

        /** A slot of which no more is known. */
        public SlotView(boolean physical, boolean active, Optional<Lsn> restartLsn) {
            this(physical ? Optional.empty() : Optional.of(Decoding.UNKNOWN), active, restartLsn, false, false);
        }

        public boolean physical() {
            return decoding.isEmpty();
        }

        /** How far its consumer is: the confirmed position of a logical slot, else the oldest WAL that is kept. */
        public Optional<Lsn> position() {
            return decoding.isPresent() ? decoding.get().confirmedLsn() : restartLsn;
        }
    }

    /**
     * What only a logical slot has.
     *
     * @param database empty when its name could not be found out
     * @param confirmedLsn the consumer has everything up to there
     * @param failover PostgreSQL 17 and later: the servers synchronize it among themselves
     * @param broken advancing it failed because its WAL is gone here: only a new copy helps
     */
    public record Decoding(Optional<String> database, String plugin, Optional<Lsn> confirmedLsn, boolean failover,
            boolean broken) {

        static final Decoding UNKNOWN = new Decoding(Optional.empty(), "", Optional.empty(), false, false);
    }

    /**
     * What the settings of the server permit to slots.
     *
     * @param logicalWal {@code wal_level} is {@code logical}
     * @param feedback {@code hot_standby_feedback} is on
     * @param feedbackForced it is on because this agent wants it, whatever the configuration says
     * @param unconfirmed logical slots of this standby of which is not known yet that they are safe to use after a promotion
     */
    public record SlotSettings(boolean logicalWal, boolean feedback, boolean feedbackForced,
            SortedSet<String> unconfirmed) {

        /** PostgreSQL's defaults. */
        public static final SlotSettings DEFAULT = new SlotSettings(false, false, false, new TreeSet<>());

        public SlotSettings {
            unconfirmed = Collections.unmodifiableSortedSet(new TreeSet<>(unconfirmed));
        }
    }

    /** A view before anything was looked at. */
    public static PostgresView nothing() {
        return new PostgresView(new Data.Empty(), new Postmaster.Absent(), Collections.emptyMap());
    }

    /** The same with another postmaster. */
    public PostgresView withPostmaster(Postmaster changed) {
        return new PostgresView(data, changed, pendingRestart);
    }

    public Optional<Replication> replication() {
        return postmaster instanceof Postmaster.Up up ? Optional.of(up.replication()) : Optional.empty();
    }

    public Optional<ControlData> control() {
        return data instanceof Data.Present present ? Optional.of(present.control()) : Optional.empty();
    }

    /** Running and out of recovery: it accepts writes. */
    public boolean isWritable() {
        return postmaster instanceof Postmaster.Up up && !up.replication().inRecovery();
    }
}
