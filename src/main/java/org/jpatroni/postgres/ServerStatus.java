package org.jpatroni.postgres;

import java.util.Map;
import java.util.function.Supplier;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.postgres.Callbacks.Action;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * State and role as they are shown, and which callback is due. A start, restart or change of role is reported by exactly one callback, and
 * by the one that says most: a start in another role than before is a change of role.
 */
final class ServerStatus {

    private static final Logger LOG = LoggerFactory.getLogger(ServerStatus.class);

    private final Callbacks callbacks;
    private final Supplier<Map<String, String>> commands;
    private PostgresState state = PostgresState.STOPPED;
    private PostgresRole role = PostgresRole.UNINITIALIZED;
    private @Nullable Action pending;
    /** Whether this agent has ever said anything of this server: a change of role means nothing to who never heard of a start. */
    private boolean announced;
    private boolean silent;

    /**
     * @param commands {@code postgresql.callbacks} as it is now
     */
    ServerStatus(Callbacks callbacks, Supplier<Map<String, String>> commands) {
        this.callbacks = callbacks;
        this.commands = commands;
    }

    synchronized PostgresState state() {
        return state;
    }

    synchronized PostgresRole role() {
        return role;
    }

    synchronized void setState(PostgresState newState) {
        if (state != newState) {
            LOG.debug("State: {} -> {}", state.wireText(), newState.wireText());
            state = newState;
        }
    }

    /** Changes the state only when it is still the expected one. */
    synchronized boolean moveState(PostgresState expected, PostgresState newState) {
        if (state != expected) {
            return false;
        }
        setState(newState);
        return true;
    }

    synchronized void setRole(PostgresRole newRole) {
        role = newRole;
    }

    /** While a cluster is being bootstrapped nothing is reported. */
    synchronized void setSilent(boolean bootstrapping) {
        silent = bootstrapping;
    }

    synchronized boolean isAnnounced() {
        return announced;
    }

    /** Runs a callback in the current role. */
    synchronized void call(Action action) {
        if (silent) {
            return;
        }
        announced |= action != Action.ON_RELOAD;
        callbacks.call(commands.get(), action, role);
    }

    /** Whether starting or reconfiguring in this role is a change of role that callbacks shall hear of (instead of a start). */
    synchronized boolean isRoleChange(PostgresRole newRole) {
        boolean wasPrimary = role == PostgresRole.PRIMARY || role == PostgresRole.DEMOTED;
        boolean bothStandbys = isStandby(role) && isStandby(newRole);
        return announced && (wasPrimary || bothStandbys && role != newRole);
    }

    private static boolean isStandby(PostgresRole role) {
        return role == PostgresRole.REPLICA || role == PostgresRole.STANDBY_LEADER;
    }

    /** What to report when the server is ready; null: nothing. */
    synchronized void setPending(@Nullable Action action) {
        pending = action;
    }

    /** The server accepts sessions: what was pending is reported. */
    synchronized void becameReady() {
        setState(PostgresState.RUNNING);
        Action due = pending;
        pending = null;
        if (due != null) {
            call(due);
        }
    }
}
