package org.jpatroni.model;

import java.util.Optional;

/** Where a standby streams from. */
public sealed interface Upstream {

    /**
     * A member of this cluster.
     *
     * @param member its record with {@code connUrl}
     * @param slotName the slot to use there; empty when slots are off
     */
    record OfMember(Member member, Optional<String> slotName) implements Upstream {
    }

    /** A server outside this cluster (standby cluster). */
    record Remote(String host, String port, Optional<String> slotName) implements Upstream {
    }

    /** The archive of a server outside this cluster, and no connection (standby cluster with a restore_command only). */
    record Archive() implements Upstream {
    }

    /** Nobody: stay a standby without a primary to stream from. */
    record Nobody() implements Upstream {
    }
}
