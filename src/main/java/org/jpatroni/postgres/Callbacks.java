package org.jpatroni.postgres;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commands of {@code postgresql.callbacks}. One runs at a time: a newer one ends the one that runs and takes its place, and of several
 * that wait only the last is run. {@code on_reload} has a lane of its own, so that it never ends another (as in Patroni).
 */
final class Callbacks {

    private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);

    /** What has happened. */
    enum Action {
        ON_START, ON_STOP, ON_RESTART, ON_RELOAD, ON_ROLE_CHANGE;

        /** The key in the configuration and the word on the command line. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Programs programs;
    private final String scope;
    private final Lane main;
    private final Lane reload;

    Callbacks(Programs programs, String scope, Tasks tasks) {
        this.programs = programs;
        this.scope = scope;
        this.main = new Lane("callbacks", tasks);
        this.reload = new Lane("callbacks-reload", tasks);
    }

    /**
     * Runs the command for an action, if there is one, and does not wait for it.
     *
     * @param commands {@code postgresql.callbacks}
     */
    void call(Map<String, String> commands, Action action, PostgresRole role) {
        String command = commands.get(action.word());
        if (command == null || command.isBlank()) {
            return;
        }
        List<String> arguments;
        try {
            arguments = new ArrayList<>(ShellWords.split(command));
        } catch (IllegalArgumentException malformed) {
            LOG.error("postgresql.callbacks.{} cannot be run: {}", action.word(), malformed.getMessage());
            return;
        }
        PostgresRole shown = role == PostgresRole.PROMOTED ? PostgresRole.PRIMARY : role;
        arguments.addAll(List.of(action.word(), shown.wireText(), scope));
        (action == Action.ON_RELOAD ? reload : main).submit(arguments);
    }

    /** A place for one running command and the next one. */
    private final class Lane {
        private final String name;
        private final Tasks tasks;
        private @Nullable List<String> next;
        private @Nullable Process running;
        private boolean draining;

        Lane(String name, Tasks tasks) {
            this.name = name;
            this.tasks = tasks;
        }

        synchronized void submit(List<String> command) {
            next = command;
            Process toEnd = running;
            if (toEnd != null) {
                LOG.warn("Ending a callback that was still running, for {}", command);
                tasks.start(name + "-end", () -> {
                    programs.end(toEnd, Duration.ZERO);
                    return true;
                });
            }
            if (!draining) {
                draining = true;
                tasks.start(name, this::drain);
            }
        }

        private boolean drain() throws InterruptedException {
            for (Optional<Process> process = startNext(); process.isPresent(); process = startNext()) {
                process.get().waitFor();
            }
            return true;
        }

        private synchronized Optional<Process> startNext() {
            running = null;
            while (next != null) {
                List<String> command = next;
                next = null;
                try {
                    Process process = programs.start(command, Map.of());
                    running = process;
                    return Optional.of(process);
                } catch (IOException notStarted) {
                    LOG.error("Callback {} cannot be run: {}", command, notStarted.getMessage());
                }
            }
            draining = false;
            return Optional.empty();
        }
    }
}
