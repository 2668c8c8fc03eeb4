package org.jpatroni.model;

/**
 * A WAL position in bytes from the start of the WAL stream, as {@code pg_lsn}.
 *
 * @param bytes never negative
 */
public record Lsn(long bytes) implements Comparable<Lsn> {

    public static final Lsn ZERO = new Lsn(0);

    public Lsn {
        if (bytes < 0) {
            throw new IllegalArgumentException("negative lsn " + bytes);
        }
    }

    /**
     * Reads PostgreSQL's text form, for example {@code 0/3000060}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        try {
            long high = Long.parseLong(text, 0, slash, 16);
            long low = Long.parseLong(text, slash + 1, text.length(), 16);
            if (high < 0 || low < 0 || high > 0xFFFFFFFFL || low > 0xFFFFFFFFL) {
                throw new IllegalArgumentException("not a wal position: " + text);
            }
            return new Lsn(high << 32 | low);
        } catch (NumberFormatException | IndexOutOfBoundsException malformed) {
            throw new IllegalArgumentException("not a wal position: " + text, malformed);
        }
    }

    /** Bytes from {@code other} to this position; negative when this one is behind. */
    public long minus(Lsn other) {
        return bytes - other.bytes;
    }

    public boolean isAfter(Lsn other) {
        return bytes > other.bytes;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compare(bytes, other.bytes);
    }

    @Override
    public String toString() {
        return Long.toHexString(bytes >>> 32).toUpperCase(java.util.Locale.ROOT) + "/"
                + Long.toHexString(bytes & 0xFFFFFFFFL).toUpperCase(java.util.Locale.ROOT);
    }
}
