package org.jpatroni.model;

/**
 * What the control file of a data directory says ({@code pg_controldata}).
 *
 * @param systemIdentifier as text: it is an unsigned 64 bit number
 * @param timeline of the latest checkpoint, or of the minimum recovery point when that is later
 * @param clusterState PostgreSQL's own words, for example {@code in production}, {@code shut down in recovery}
 * @param checkpointLsn position of the latest checkpoint record; of a cleanly stopped primary: its shutdown checkpoint
 */
public record ControlData(String systemIdentifier, int timeline, String clusterState, Lsn checkpointLsn) {

    /** Whether it was a primary and was stopped in order. */
    public boolean isCleanPrimaryShutdown() {
        return clusterState.equals("shut down");
    }

    /** Whether it was stopped in order, as a primary or as a standby. */
    public boolean isCleanShutdown() {
        return clusterState.startsWith("shut down") && !clusterState.equals("shutting down");
    }

    /** Whether it was last running as a primary: such a directory may hold transactions that nobody else has. */
    public boolean wasPrimary() {
        return clusterState.equals("shut down") || clusterState.equals("shutting down")
                || clusterState.equals("in production") || clusterState.equals("in crash recovery");
    }
}
