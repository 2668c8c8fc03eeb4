package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PermanentSlot;
import org.jpatroni.model.PermanentSlot.Logical;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of logical slots, from a primary into the data directory of a standby. PostgreSQL can create a logical slot only at the present
 * position of a primary; a standby that is to go on where consumers are needs the very state, which is one small file per slot.
 */
final class SlotCopy {

    private static final Logger LOG = LoggerFactory.getLogger(SlotCopy.class);

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int FIRST_VERSION_WITH_FAILOVER_SLOTS = 170_000;
    private static final String STATE = "state";
    private static final int TIMELINE_DIGITS = 8;
    private static final int SEGMENT_NAME_DIGITS = 24;

    /** A primary writes the file as a whole and renames it, so that it can be read at any moment. */
    private static final String READ = """
            SELECT s.slot_name, d.datname, s.plugin, pg_wal_lsn_diff(s.restart_lsn, '0/0')::bigint,
                   pg_read_binary_file('pg_replslot/' || s.slot_name || '/state')
              FROM pg_get_replication_slots() AS s JOIN pg_database AS d ON d.oid = s.datoid
             WHERE NOT pg_is_in_recovery() AND s.slot_name = ANY (string_to_array(?, ','))
               AND s.restart_lsn IS NOT NULL AND s.wal_status IS DISTINCT FROM 'lost'""";

    /** A slot as it is on the primary. */
    private record State(Logical slot, Lsn restartLsn, ByteBuffer content) {
        static State read(ResultSet row) throws SQLException {
            return new State(new Logical(row.getString(1), row.getString(2), row.getString(3)),
                    new Lsn(row.getLong(4)), ByteBuffer.wrap(row.getBytes(5)));
        }
    }

    private final DataDirectory data;
    private final List<State> states = new ArrayList<>();

    SlotCopy(DataDirectory data) {
        this.data = data;
    }

    /** Reads what there is on the primary and can be used here. What differs from what is wanted is left out, with a warning. */
    void read(SqlSession primary, List<Logical> wanted) throws SQLException, IOException {
        String sql = primary.serverVersion(LIMIT) >= FIRST_VERSION_WITH_FAILOVER_SLOTS
                ? READ + " AND NOT s.failover"
                : READ;
        String names = String.join(",", wanted.stream().map(PermanentSlot::name).toList());
        for (State state : primary.query(sql, LIMIT, State::read, names)) {
            if (!wanted.contains(state.slot())) {
                LOG.warn("Will not copy the logical slot \"{}\" due to the configuration mismatch: configuration={}, "
                        + "slot on the primary={}", state.slot().name(), wanted, state.slot());
            } else if (!hasWal(state.restartLsn())) {
                LOG.warn("Will not copy the logical slot \"{}\" yet: it needs WAL from {} on, which is not here",
                        state.slot().name(), state.restartLsn());
            } else {
                states.add(state);
            }
        }
    }

    boolean isEmpty() {
        return states.isEmpty();
    }

    /** Whether the segment with that position is here, on whatever timeline: a copy of the data directory begins later than old slots. */
    private boolean hasWal(Lsn position) throws IOException {
        int segmentBytes = data.control().walSegmentBytes();
        String wanted = WalRecord.segmentName(1, position.bytes(), segmentBytes).substring(TIMELINE_DIGITS);
        try (Stream<Path> files = Files.list(data.path().resolve("pg_wal"))) {
            return files.map(file -> file.getFileName().toString()).anyMatch(
                    name -> name.length() == SEGMENT_NAME_DIGITS && name.substring(TIMELINE_DIGITS).equals(wanted));
        }
    }

    /** Writes the files. PostgreSQL must not run; it syncs them itself when it starts. */
    void install() throws IOException {
        Path folder = data.path().resolve("pg_replslot");
        Set<PosixFilePermission> folderMode = Files.getPosixFilePermissions(folder);
        Set<PosixFilePermission> fileMode = PosixFilePermissions.fromString(
                folderMode.contains(PosixFilePermission.GROUP_READ) ? "rw-r-----" : "rw-------");
        for (State state : states) {
            Path place = folder.resolve(state.slot().name());
            Path fresh = folder.resolve(state.slot().name() + ".tmp");
            remove(fresh);
            Files.createDirectory(fresh, PosixFilePermissions.asFileAttribute(folderMode));
            Files.setPosixFilePermissions(fresh, folderMode);
            Path file = fresh.resolve(STATE);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(fileMode));
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                ByteBuffer content = state.content().duplicate();
                while (content.hasRemaining()) {
                    channel.write(content);
                }
                channel.force(true);
            }
            remove(place);
            Files.move(fresh, place, StandardCopyOption.ATOMIC_MOVE);
            LOG.info("Copied logical replication slot '{}' from the primary, WAL from {} on", state.slot().name(),
                    state.restartLsn());
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
