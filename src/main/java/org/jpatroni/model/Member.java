package org.jpatroni.model;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * One member as its key {@code members/<name>} tells it. Everything but the name may be missing: other implementations and older
 * versions write less.
 *
 * @param name the member's name, the last part of its key
 * @param apiUrl URL that ends in {@code /patroni}, with an explicit port
 * @param connUrl {@code postgres://host:port/database}, without credentials
 * @param proxyUrl the same through a pooler, when {@code postgresql.proxy_address} is set
 * @param state wire text of the state
 * @param role wire text of the role ({@code master} is read as {@code primary})
 * @param version version of the agent's contract, for example {@code 4.1.4}
 * @param xlogLocation position: written on a primary, the later of received and replayed on a replica
 * @param pendingRestartReason per parameter: old and new value
 * @param scheduledRestart as in the key
 * @param version wire version
 */
public record Member(String name, Optional<String> apiUrl, Optional<String> connUrl, Optional<String> proxyUrl,
        Optional<String> state, Optional<String> role, Optional<String> version, Tags tags, Optional<Lsn> xlogLocation,
        Optional<Lsn> receiveLsn, Optional<Lsn> replayLsn, Optional<String> replicationState, OptionalInt timeline,
        boolean pendingRestart, Map<String, @Nullable Object> pendingRestartReason,
        Map<String, @Nullable Object> scheduledRestart, boolean checkpointAfterPromotePending, boolean watchdogFailed,
        boolean paused) {

    public Member {
        pendingRestartReason = Tree.copyOf(pendingRestartReason);
        scheduledRestart = Tree.copyOf(scheduledRestart);
    }

    /** A member of which only the name is known. */
    public static Member named(String name) {
        return new Member(name, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Tags.NONE, Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), OptionalInt.empty(), false, Collections.emptyMap(), Collections.emptyMap(), false,
                false, false);
    }

    /** A member of which only its REST API is known. */
    public static Member at(String name, String apiUrl) {
        return new Member(name, Optional.of(apiUrl), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Tags.NONE, Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), OptionalInt.empty(), false, Collections.emptyMap(), Collections.emptyMap(), false,
                false, false);
    }

    public boolean isRunning() {
        return state.isPresent() && state.get().equals(PostgresState.RUNNING.wireText());
    }

    /** Whether PostgreSQL of this member can be asked for replication: the states in which Patroni takes it for reachable. */
    public boolean mayServeReplication() {
        return connUrl.isPresent() && isRunning();
    }
}
