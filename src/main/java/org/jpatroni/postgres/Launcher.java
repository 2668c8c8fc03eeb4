package org.jpatroni.postgres;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time.Deadline;
import org.jpatroni.runtime.Wakeup;

/**
 * Starts a postmaster directly, in a session of its own, so that its pid is known from the first moment and it lives on without the agent.
 */
final class Launcher {

    /** A start that found shared memory of the former server in use is repeated once its last process is gone. */
    private static final int ATTEMPTS = 3;

    private final DataDirectory data;
    private final Programs programs;
    private final Postmasters postmasters;
    private final Tasks tasks;

    Launcher(DataDirectory data, Programs programs, Postmasters postmasters, Tasks tasks) {
        this.data = data;
        this.programs = programs;
        this.postmasters = postmasters;
        this.tasks = tasks;
    }

    /**
     * Starts, and waits until sessions are accepted.
     *
     * @param options of the command line, after {@code -D}
     * @return done; failed when it ended before (see {@link StartFailure}); timed out when it is still busy with recovery
     */
    Outcome launch(List<String> options, Duration waitLimit, CancelToken cancel) {
        Deadline deadline = tasks.time().deadlineIn(waitLimit);
        try {
            for (int attempt = 1;; attempt++) {
                boolean mayHaveLeftovers = PostmasterFile.read(data.path()).isPresent();
                List<Long> left = mayHaveLeftovers ? leftovers().end() : List.of();
                if (!left.isEmpty()) {
                    return Outcome.failed("processes " + left + " of the former server still use the shared memory of "
                            + data.path() + " and cannot be ended");
                }
                if (cancel.isCancelled()) {
                    return new Outcome.Cancelled();
                }
                Outcome outcome = once(options, deadline, cancel);
                boolean again = outcome instanceof Outcome.Failed && attempt < ATTEMPTS
                        && !leftovers().find().isEmpty();
                if (!again) {
                    return outcome;
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled();
        }
    }

    private LeftoverBackends leftovers() {
        return new LeftoverBackends(data.path(), programs.fileName("postgres"), tasks.time());
    }

    private Outcome once(List<String> options, Deadline deadline, CancelToken cancel) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of(programs.path("postgres"), "-D", data.path().toString()));
        command.addAll(options);
        Wakeup wakeup = tasks.newWakeup();
        ReadyOrGone seen = new ReadyOrGone(wakeup);
        postmasters.addListener(seen);
        try {
            Optional<PostmasterProcess> process = start(command);
            if (process.isEmpty()) {
                return Outcome.failed("the postmaster ended at once");
            }
            long pid = process.get().pid();
            cancel.onCancel(wakeup::signal);
            while (!seen.ready.contains(pid) && !seen.gone.contains(pid) && !cancel.isCancelled()
                    && !deadline.isPast()) {
                wakeup.await(deadline.left());
            }
            if (seen.gone.contains(pid)) {
                return Outcome.failed("the postmaster ended during its start");
            }
            if (seen.ready.contains(pid)) {
                return Outcome.done();
            }
            return cancel.isCancelled() ? new Outcome.Cancelled() : new Outcome.TimedOut();
        } catch (IOException notStarted) {
            return Outcome.failed(programs.path("postgres") + " cannot be run (postgresql.bin_dir): "
                    + notStarted.getMessage());
        } finally {
            postmasters.removeListener(seen);
        }
    }

    private Optional<PostmasterProcess> start(List<String> command) throws IOException {
        return postmasters.start(() -> programs.startWithOnly(command, environment()));
    }

    /** What the postmaster inherits: nothing of ours, as it may hold secrets and shows in every backend. */
    private Map<String, String> environment() {
        Map<String, String> inherited = new HashMap<>(System.getenv());
        inherited.keySet().removeIf(name -> name.startsWith("PATRONI_") || name.startsWith("JPATRONI_")
                || name.startsWith("KUBERNETES_") || name.equals("NOTIFY_SOCKET"));
        String arenas = inherited.remove("PG_MALLOC_ARENA_MAX");
        if (arenas != null) {
            inherited.put("MALLOC_ARENA_MAX", arenas);
        }
        // The number in a stale file may be some other process of ours by now, or a zombie that nobody reaps: PostgreSQL would refuse to
        // start for either. It takes this number for its grandparent's, and still checks the shared memory.
        PostmasterFile.read(data.path()).map(PostmasterFile::pid)
                .filter(pid -> ProcFs.stat(Math.abs(pid)).isPresent())
                .ifPresent(pid -> inherited.put("PG_GRANDPARENT_PID", Long.toString(Math.abs(pid))));
        return inherited;
    }

    /** Notes what becomes of postmasters: events of the former one may still come in. */
    private static final class ReadyOrGone implements PostmasterWatch.Listener {
        private final Wakeup wakeup;
        final Set<Long> ready = ConcurrentHashMap.newKeySet();
        final Set<Long> gone = ConcurrentHashMap.newKeySet();

        ReadyOrGone(Wakeup wakeup) {
            this.wakeup = wakeup;
        }

        @Override
        public void ready(PostmasterProcess process) {
            ready.add(process.pid());
            wakeup.signal();
        }

        @Override
        public void exited(PostmasterProcess process) {
            gone.add(process.pid());
            wakeup.signal();
        }
    }
}
