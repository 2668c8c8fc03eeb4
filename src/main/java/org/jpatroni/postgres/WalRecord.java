package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jpatroni.model.Lsn;

/**
 * The header of one WAL record, read from {@code pg_wal}: enough to know where a checkpoint record ends, which decides whether a former
 * primary can follow without a rewind (PostgreSQL's {@code access/xlogrecord.h}; the layout is that of PostgreSQL 9.5 and later).
 *
 * @param start where it begins
 * @param end where the next one would begin
 * @param previous where the one before begins
 */
record WalRecord(Lsn start, Lsn end, Lsn previous, int info, int resourceManager) {

    private static final int PAGE_BYTES = 8192;
    private static final int SHORT_PAGE_HEADER_BYTES = 24;
    private static final int LONG_PAGE_HEADER_BYTES = 40;
    private static final int HEADER_BYTES = 24;
    private static final int ALIGNMENT_BYTES = 8;
    private static final long SEGMENT_NAME_WRAP = 0x1_0000_0000L;

    private static final int XLOG_RESOURCE_MANAGER = 0;
    private static final int SWITCH = 0x40;

    /** Empty when the segment is not there, or holds no record at that place. */
    static Optional<WalRecord> read(Path dataDirectory, int timeline, Lsn at, int segmentBytes) {
        try {
            ByteBuffer header = ByteBuffer.wrap(bytes(dataDirectory, timeline, at, segmentBytes))
                    .order(ByteOrder.nativeOrder());
            int length = header.getInt(0);
            if (length < HEADER_BYTES) {
                return Optional.empty();
            }
            return Optional.of(new WalRecord(at, new Lsn(skip(at.bytes(), length, segmentBytes)),
                    new Lsn(header.getLong(8)), Byte.toUnsignedInt(header.get(16)),
                    Byte.toUnsignedInt(header.get(17))));
        } catch (IOException | IllegalArgumentException absent) {
            return Optional.empty();
        }
    }

    /**
     * All bytes of the record that begins there, page headers in between included, as far as its segment holds them.
     *
     * @param limit up to where the WAL is known to be valid; empty is returned when the record goes beyond
     */
    static Optional<byte[]> readWhole(Path dataDirectory, int timeline, Lsn at, Lsn limit, int segmentBytes)
            throws IOException {
        Optional<WalRecord> record = read(dataDirectory, timeline, at, segmentBytes);
        if (record.isEmpty() || record.get().end().isAfter(limit)) {
            return Optional.empty();
        }
        long offset = at.bytes() % segmentBytes;
        long length = Math.min(record.get().end().bytes() - at.bytes(), segmentBytes - offset);
        Path file = dataDirectory.resolve("pg_wal").resolve(segmentName(timeline, at.bytes(), segmentBytes));
        try (var input = Files.newInputStream(file)) {
            input.skipNBytes(offset);
            return Optional.of(input.readNBytes((int) length));
        }
    }

    /** The switch to a new segment that a primary with {@code archive_mode} makes before its shutdown checkpoint. */
    boolean isSegmentSwitch() {
        return resourceManager == XLOG_RESOURCE_MANAGER && (info & 0xF0) == SWITCH;
    }

    static String segmentName(int timeline, long position, int segmentBytes) {
        long segment = position / segmentBytes;
        long perName = SEGMENT_NAME_WRAP / segmentBytes;
        return String.format(Locale.ROOT, "%08X%08X%08X", timeline, segment / perName, segment % perName);
    }

    /** The header; it may lie across a page boundary, and then the page's own header is in between. */
    private static byte[] bytes(Path dataDirectory, int timeline, Lsn at, int segmentBytes) throws IOException {
        byte[] header = new byte[HEADER_BYTES];
        long position = at.bytes();
        int done = 0;
        while (done < HEADER_BYTES) {
            position += pageHeaderAt(position, segmentBytes);
            int part = (int) Math.min(HEADER_BYTES - done, PAGE_BYTES - position % PAGE_BYTES);
            Path file = dataDirectory.resolve("pg_wal").resolve(segmentName(timeline, position, segmentBytes));
            try (var channel = Files.newByteChannel(file)) {
                channel.position(position % segmentBytes);
                if (channel.read(ByteBuffer.wrap(header, done, part)) != part) {
                    throw new IOException(file + " is too short");
                }
            }
            position += part;
            done += part;
        }
        return header;
    }

    /** Where a record of this length that begins at {@code position} ends, page headers and alignment included. */
    static long skip(long position, long length, int segmentBytes) {
        long left = (length + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
        long end = position;
        while (left > 0) {
            end += pageHeaderAt(end, segmentBytes);
            long part = Math.min(left, PAGE_BYTES - end % PAGE_BYTES);
            end += part;
            left -= part;
        }
        return end;
    }

    private static int pageHeaderAt(long position, int segmentBytes) {
        if (position % PAGE_BYTES != 0) {
            return 0;
        }
        return position % segmentBytes == 0 ? LONG_PAGE_HEADER_BYTES : SHORT_PAGE_HEADER_BYTES;
    }
}
