package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.jpatroni.model.ControlData;
import org.jpatroni.model.Lsn;

/**
 * The file {@code global/pg_control}, read directly: the layout is fixed for a control version and guarded by a checksum, and reading it
 * takes microseconds where {@code pg_controldata} takes milliseconds. Offsets are those of 64 bit platforms
 * (PostgreSQL's {@code catalog/pg_control.h}).
 *
 * @param systemIdentifier unsigned
 * @param state position in PostgreSQL's {@code DBState}
 * @param checkpoint position of the latest checkpoint record
 * @param checkpointTimeline timeline of that record
 * @param minRecoveryPoint zero on a primary
 * @param minRecoveryPointTimeline zero on a primary
 * @param walLogHints setting {@code wal_log_hints} as it was in effect
 * @param checksums whether data pages carry checksums
 * @param walSegmentBytes size of a WAL segment
 * @param standbyMinimums settings of the primary that a hot standby must not be below, by name
 */
record ControlFile(long systemIdentifier, int controlVersion, int state, Lsn checkpoint, int checkpointTimeline,
        Lsn minRecoveryPoint, int minRecoveryPointTimeline, boolean walLogHints, boolean checksums,
        int walSegmentBytes, Map<String, Integer> standbyMinimums) {

    static final String NAME = "global/pg_control";
    static final int SHUT_DOWN = 1;
    static final int SHUT_DOWN_IN_RECOVERY = 2;
    static final int IN_ARCHIVE_RECOVERY = 5;
    static final int IN_PRODUCTION = 6;

    /** PostgreSQL's words for {@code DBState}, as {@code pg_controldata} prints them. */
    private static final List<String> STATES = List.of("starting up", "shut down", "shut down in recovery",
            "shutting down", "in crash recovery", "in archive recovery", "in production");

    private static final int BYTES_READ = 512;
    /** The server overwrites the file in place, so a reader may see half of a change; it is whole again at once. */
    private static final int ATTEMPTS = 5;

    private static final int AT_VERSION = 8;
    private static final int AT_STATE = 16;
    private static final int AT_CHECKPOINT = 32;
    private static final int AT_CHECKPOINT_TIMELINE = 48;
    private static final int AT_MIN_RECOVERY_POINT = 136;
    private static final int AT_MIN_RECOVERY_TIMELINE = 144;
    private static final int AT_WAL_LOG_HINTS = 176;
    private static final int AT_MAX_CONNECTIONS = 180;
    private static final int AT_MAX_WORKER_PROCESSES = 184;
    private static final int AT_MAX_WAL_SENDERS = 188;
    private static final int AT_MAX_PREPARED_TRANSACTIONS = 192;
    private static final int AT_MAX_LOCKS_PER_TRANSACTION = 196;
    private static final int AT_WAL_SEGMENT_BYTES = 228;
    private static final int AT_CHECKSUM_VERSION = 252;

    /**
     * Reads the control file of a data directory.
     *
     * @throws IOException when it is missing, not readable, damaged, or of a version that is not known; the message names the file
     */
    static ControlFile read(Path dataDirectory) throws IOException {
        Path file = dataDirectory.resolve(NAME);
        for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
            Optional<ControlFile> parsed = parse(head(file));
            if (parsed.isPresent()) {
                return parsed.get();
            }
        }
        return parse(head(file)).orElseThrow(() -> new IOException(
                file + " is damaged or was written by a version of PostgreSQL other than 13 to 18"));
    }

    private static byte[] head(Path file) throws IOException {
        try (var input = Files.newInputStream(file)) {
            return input.readNBytes(BYTES_READ);
        }
    }

    /** Empty when the checksum does not fit or the version is not known. */
    static Optional<ControlFile> parse(byte[] bytes) {
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        if (bytes.length < 300) {
            return Optional.empty();
        }
        int version = file.getInt(AT_VERSION);
        int checksumAt = checksumAt(version);
        int state = file.getInt(AT_STATE);
        if (checksumAt < 0 || state < 0 || state >= STATES.size()
                || file.getInt(checksumAt) != crc(bytes, checksumAt)) {
            return Optional.empty();
        }
        return Optional.of(new ControlFile(file.getLong(0), version, state, new Lsn(file.getLong(AT_CHECKPOINT)),
                file.getInt(AT_CHECKPOINT_TIMELINE), new Lsn(file.getLong(AT_MIN_RECOVERY_POINT)),
                file.getInt(AT_MIN_RECOVERY_TIMELINE), file.get(AT_WAL_LOG_HINTS) != 0,
                file.getInt(AT_CHECKSUM_VERSION) != 0, file.getInt(AT_WAL_SEGMENT_BYTES),
                Map.of("max_connections", file.getInt(AT_MAX_CONNECTIONS), "max_worker_processes",
                        file.getInt(AT_MAX_WORKER_PROCESSES), "max_wal_senders", file.getInt(AT_MAX_WAL_SENDERS),
                        "max_prepared_transactions", file.getInt(AT_MAX_PREPARED_TRANSACTIONS),
                        "max_locks_per_transaction", file.getInt(AT_MAX_LOCKS_PER_TRANSACTION))));
    }

    /** Where the checksum over everything before it stands; -1 for versions whose layout is not known here. */
    private static int checksumAt(int controlVersion) {
        return switch (controlVersion) {
            case 1300, 1700 -> 288;
            // 18 has a byte for the signedness of char before the nonce.
            case 1800 -> 292;
            default -> -1;
        };
    }

    private static int crc(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    String stateText() {
        return STATES.get(state);
    }

    /** A minimum recovery point without timeline belongs to a primary that crashed. */
    boolean hasMinRecoveryPoint() {
        return minRecoveryPointTimeline > 0 && minRecoveryPoint.bytes() > 0;
    }

    boolean wasInRecovery() {
        return (state == SHUT_DOWN_IN_RECOVERY || state == IN_ARCHIVE_RECOVERY) && hasMinRecoveryPoint();
    }

    ControlData toModel() {
        return new ControlData(Long.toUnsignedString(systemIdentifier),
                Math.max(checkpointTimeline, minRecoveryPointTimeline), stateText(), checkpoint);
    }
}
