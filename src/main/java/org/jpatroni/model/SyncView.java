package org.jpatroni.model;

import java.util.List;
import java.util.Optional;

/**
 * What a running server says of synchronous replication.
 *
 * @param standbyNames {@code synchronous_standby_names} in effect, as written; empty: no commit waits
 * @param commitLevel {@code synchronous_commit} in effect, for example {@code on} or {@code remote_apply}
 * @param settled whether the process that tells all sessions to wait is known not to be busy with something else, so that it has taken a
 *        changed setting over
 * @param managed the HA loop decides on the setting, not the configuration
 * @param standbys who receives from this primary; nobody on a standby
 */
public record SyncView(String standbyNames, String commitLevel, boolean settled, boolean managed,
        List<Standby> standbys) {

    /** A server of which nothing is known, and one without standbys. */
    public static final SyncView NOTHING = new SyncView("", "on", true, false, List.of());

    public SyncView {
        standbys = standbys.stream().toList();
    }

    /**
     * One row of {@code pg_stat_replication}.
     *
     * @param name {@code application_name}: for members of the cluster the member's name
     * @param pid of the process that sends
     * @param state for example {@code streaming} or {@code catchup}
     * @param syncState {@code async}, {@code potential}, {@code sync} or {@code quorum}
     * @param writeLsn written there; positions are missing until it has reported once
     * @param flushLsn on disk there
     * @param replayLsn applied there
     */
    public record Standby(String name, long pid, String state, String syncState, Optional<Lsn> writeLsn,
            Optional<Lsn> flushLsn, Optional<Lsn> replayLsn) {

        /** The position that a commit of this level waits for. */
        public Optional<Lsn> position(String commitLevel) {
            return switch (commitLevel) {
                case "remote_apply" -> replayLsn;
                case "remote_write" -> writeLsn;
                default -> flushLsn;
            };
        }

        public boolean isStreaming() {
            return state.equals("streaming");
        }
    }
}
