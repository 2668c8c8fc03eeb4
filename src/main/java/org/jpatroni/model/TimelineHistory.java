package org.jpatroni.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The key {@code history}: one entry for every timeline that ended.
 *
 * @param entries oldest first
 * @param version for compare-and-set; 0 when the key does not exist
 */
public record TimelineHistory(List<Entry> entries, long version) {

    public static final TimelineHistory EMPTY = new TimelineHistory(Collections.emptyList(), 0);

    /**
     * One switch of timelines.
     *
     * @param timeline the timeline that ended
     * @param switchPoint where it ended
     * @param reason as in PostgreSQL's history file
     * @param timestamp ISO 8601 with {@code T} and {@code +00:00}, when known
     * @param newLeader who made the next timeline, when known
     */
    public record Entry(int timeline, Lsn switchPoint, String reason, Optional<String> timestamp,
            Optional<String> newLeader) {
    }

    public TimelineHistory {
        entries = Collections.unmodifiableList(new java.util.ArrayList<>(entries));
    }

    /** The last timeline that this history knows to exist: one more than the last that ended, 1 without history. */
    public int latestTimeline() {
        return entries.isEmpty() ? 1 : entries.getLast().timeline() + 1;
    }
}
