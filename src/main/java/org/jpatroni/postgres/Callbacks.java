package org.jpatroni.postgres;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commands of {@code postgresql.callbacks}. One runs at a time, in order. A newer one ends the one that runs, as in Patroni, but leaves
 * it a second to finish: changes follow each other much faster here, and scripts that keep a record would miss some. {@code on_reload} has
 * a lane of its own, so that it never ends another.
 */
final class Callbacks {

    private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);

    private static final Duration GRACE = Duration.ofSeconds(1);
    private static final Duration LOOK = Duration.ofSeconds(60);

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

    /** Commands that run one after the other. */
    private final class Lane {
        private final String name;
        private final Tasks tasks;
        private final Deque<List<String>> waiting = new ArrayDeque<>();
        private final Wakeup wakeup;
        private boolean draining;

        Lane(String name, Tasks tasks) {
            this.name = name;
            this.tasks = tasks;
            this.wakeup = tasks.newWakeup();
        }

        synchronized void submit(List<String> command) {
            waiting.add(command);
            wakeup.signal();
            if (!draining) {
                draining = true;
                tasks.start(name, this::drain);
            }
        }

        private synchronized Optional<List<String>> next() {
            Optional<List<String>> command = Optional.ofNullable(waiting.poll());
            draining = command.isPresent();
            return command;
        }

        private synchronized boolean othersWait() {
            return !waiting.isEmpty();
        }

        private boolean drain() throws InterruptedException {
            for (Optional<List<String>> command = next(); command.isPresent(); command = next()) {
                try {
                    await(programs.start(command.get(), Map.of()), command.get());
                } catch (IOException notStarted) {
                    LOG.error("Callback {} cannot be run: {}", command.get(), notStarted.getMessage());
                }
            }
            return true;
        }

        private void await(Process process, List<String> command) throws InterruptedException {
            var _ = process.onExit().thenRun(wakeup::signal);
            while (process.isAlive() && !othersWait()) {
                wakeup.await(LOOK);
            }
            Time.Deadline grace = tasks.time().deadlineIn(GRACE);
            while (process.isAlive() && !grace.isPast()) {
                wakeup.await(grace.left());
            }
            if (process.isAlive()) {
                LOG.warn("Killed {} because it was still running", command);
                programs.end(process, Duration.ZERO);
            }
        }
    }
}
