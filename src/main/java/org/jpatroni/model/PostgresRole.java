package org.jpatroni.model;

import java.util.Optional;

/** The role of a member as Patroni 4 writes it in member keys, {@code /patroni} and callbacks. */
public enum PostgresRole {
    /** Accepts writes, or did when last seen. */
    PRIMARY("primary"),
    /** Leads a standby cluster: holds the lease but streams from elsewhere. */
    STANDBY_LEADER("standby_leader"),
    /** Follows another node. */
    REPLICA("replica"),
    /** Was the primary and gave the role up; not following anyone yet. */
    DEMOTED("demoted"),
    /** Promotion was started and its end has not been seen. */
    PROMOTED("promoted"),
    /** No data directory yet. */
    UNINITIALIZED("uninitialized");

    private final String wireText;

    PostgresRole(String wireText) {
        this.wireText = wireText;
    }

    /** The text in JSON and on the command line of callbacks. */
    public String wireText() {
        return wireText;
    }

    /** Reads the wire text; {@code master} is how Patroni before 4.0 wrote the primary. */
    public static Optional<PostgresRole> ofWireText(String text) {
        if ("master".equals(text)) {
            return Optional.of(PRIMARY);
        }
        for (PostgresRole role : values()) {
            if (role.wireText.equals(text)) {
                return Optional.of(role);
            }
        }
        return Optional.empty();
    }
}
