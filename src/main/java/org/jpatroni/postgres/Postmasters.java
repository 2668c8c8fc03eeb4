package org.jpatroni.postgres;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jpatroni.postgres.PostmasterFile.Status;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The postmaster of one data directory, whoever started it: finds it, keeps watching it, and tells what becomes of it. */
final class Postmasters implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Postmasters.class);

    /** Runs the program. */
    @FunctionalInterface
    interface ProcessStarter {
        Process start() throws IOException;
    }

    private final DataDirectory data;
    private final Programs programs;
    private final Tasks tasks;
    private final List<PostmasterWatch.Listener> listeners = new CopyOnWriteArrayList<>();
    private final PostmasterWatch.Listener fanOut = new PostmasterWatch.Listener() {
        @Override
        public void ready(PostmasterProcess process) {
            listeners.forEach(listener -> listener.ready(process));
        }

        @Override
        public void exited(PostmasterProcess process) {
            if (!isCurrent(process)) {
                // It was replaced: its end is no news.
                return;
            }
            LOG.info("{} has ended", process);
            listeners.forEach(listener -> listener.exited(process));
        }
    };
    private Consumer<PostmasterProcess> onFound = process -> {
    };
    private volatile Runnable onLaunch = () -> {
    };
    private @Nullable PostmasterWatch watch;

    Postmasters(DataDirectory data, Programs programs, Tasks tasks) {
        this.data = data;
        this.programs = programs;
        this.tasks = tasks;
    }

    /** Listeners are called in the order in which they were added, on the thread of the watch. */
    void addListener(PostmasterWatch.Listener listener) {
        listeners.add(listener);
    }

    void removeListener(PostmasterWatch.Listener listener) {
        listeners.remove(listener);
    }

    /** Told of a postmaster that was not started here, before any event of it. */
    synchronized void onFound(Consumer<PostmasterProcess> told) {
        onFound = told;
    }

    /** Told, on the starting thread, of every postmaster that was started here. */
    void onLaunch(Runnable told) {
        onLaunch = told;
    }

    private synchronized boolean isCurrent(PostmasterProcess process) {
        return watch == null || watch.process() == process;
    }

    /** The living postmaster, watched from now on. */
    synchronized Optional<PostmasterProcess> current() {
        if (watch != null && watch.process().isAlive()) {
            return Optional.of(watch.process());
        }
        Optional<PostmasterProcess> found = PostmasterProcess.find(data.path(), programs.fileName("postgres"),
                tasks.time());
        found.ifPresent(process -> {
            LOG.info("Found a running {} of {}", process, data.path());
            onFound.accept(process);
            follow(process);
        });
        return found;
    }

    /**
     * Starts a postmaster and watches it; nobody takes it for a stranger's in between.
     *
     * @return empty when it ended at once
     */
    Optional<PostmasterProcess> start(ProcessStarter starter) throws IOException {
        Optional<PostmasterProcess> process = startAndFollow(starter);
        if (process.isPresent()) {
            onLaunch.run();
        }
        return process;
    }

    private synchronized Optional<PostmasterProcess> startAndFollow(ProcessStarter starter) throws IOException {
        Process child = starter.start();
        LOG.info("postmaster pid={}", child.pid());
        Optional<PostmasterProcess> process = PostmasterProcess.of(child.pid(), tasks.time());
        process.ifPresent(this::follow);
        return process;
    }

    private void follow(PostmasterProcess process) {
        if (watch != null) {
            watch.close();
        }
        watch = PostmasterWatch.start(process, data.path(), tasks, fanOut);
    }

    /** What the postmaster says of itself. */
    Status status(PostmasterProcess process) {
        return PostmasterFile.read(data.path()).filter(file -> file.pid() == process.pid())
                .map(PostmasterFile::status).orElse(Status.UNKNOWN);
    }

    @Override
    public synchronized void close() {
        if (watch != null) {
            watch.close();
        }
    }
}
