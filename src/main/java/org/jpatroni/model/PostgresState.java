package org.jpatroni.model;

import java.util.Optional;

/** The state of the local PostgreSQL as Patroni 4.1 names it; the order is Patroni's numeric index for monitoring. */
public enum PostgresState {
    INITDB("initializing new cluster"),
    INITDB_FAILED("initdb failed"),
    CUSTOM_BOOTSTRAP("running custom bootstrap script"),
    CUSTOM_BOOTSTRAP_FAILED("custom bootstrap failed"),
    CREATING_REPLICA("creating replica"),
    RUNNING("running"),
    STARTING("starting"),
    BOOTSTRAP_STARTING("starting after custom bootstrap"),
    START_FAILED("start failed"),
    RESTARTING("restarting"),
    RESTART_FAILED("restart failed"),
    STOPPING("stopping"),
    STOPPED("stopped"),
    STOP_FAILED("stop failed"),
    CRASHED("crashed");

    private final String wireText;

    PostgresState(String wireText) {
        this.wireText = wireText;
    }

    public String wireText() {
        return wireText;
    }

    /** Whether a status query is worth trying: Patroni asks PostgreSQL in these three states only. */
    public boolean maySpeakSql() {
        return this == RUNNING || this == RESTARTING || this == STARTING;
    }

    public static Optional<PostgresState> ofWireText(String text) {
        for (PostgresState state : values()) {
            if (state.wireText.equals(text)) {
                return Optional.of(state);
            }
        }
        return Optional.empty();
    }
}
