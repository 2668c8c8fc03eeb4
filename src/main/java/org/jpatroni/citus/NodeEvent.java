package org.jpatroni.citus;

import java.time.Duration;

/**
 * What the primary of a worker group tells the coordinator ({@code POST /citus}).
 *
 * @param leader name of the member that tells it
 * @param timeout how long the coordinator may keep the group's traffic waiting
 * @param cooldown see {@link NodeTable#change}
 */
public record NodeEvent(Kind kind, int group, String leader, Duration timeout, Duration cooldown) {

    /** With the texts of the wire. */
    public enum Kind {
        BEFORE_DEMOTE("before_demote"), BEFORE_PROMOTE("before_promote"), AFTER_PROMOTE("after_promote");

        private final String wireText;

        Kind(String wireText) {
            this.wireText = wireText;
        }

        public String wireText() {
            return wireText;
        }
    }
}
