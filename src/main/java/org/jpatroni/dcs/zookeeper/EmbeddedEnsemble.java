package org.jpatroni.dcs.zookeeper;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This agent's member of the embedded ensemble: a ZooKeeper server in this process. It starts in the background, so that nobody waits for
 * the other members, and is started again when it ends by itself.
 */
public final class EmbeddedEnsemble implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedEnsemble.class);
    private static final Duration RESTART_PAUSE = Duration.ofSeconds(2);
    private static final Duration SERVING_LIMIT = Duration.ofMillis(1500);
    private static final Duration SERVING_POLL = Duration.ofMillis(10);
    private static final Duration LOOK_PAUSE = Duration.ofMillis(500);

    private final EmbeddedSettings settings;
    private final Tasks tasks;
    private final Tasks.Task<Boolean> runner;
    private volatile boolean closing;
    private volatile Optional<EmbeddedServer> server = Optional.empty();

    private EmbeddedEnsemble(EmbeddedSettings settings, Tasks tasks) {
        this.settings = settings;
        this.tasks = tasks;
        this.server = Optional.of(new EmbeddedServer(settings));
        this.runner = tasks.start("zookeeper-server", () -> {
            run();
            return true;
        });
        var _ = tasks.start("zookeeper-server-state", () -> {
            logChanges();
            return true;
        });
    }

    /**
     * Prepares the data directory, makes sure that the ports are free, and starts the server in the background.
     *
     * @param memberName name of this member; decides its place among the configured ones
     * @throws EmbeddedStoreException when it cannot work: the message names the setting or the file
     */
    public static EmbeddedEnsemble start(StoreConfig.Embedded config, String memberName, Tasks tasks)
            throws EmbeddedStoreException {
        EmbeddedSettings settings = EmbeddedSettings.of(config, memberName);
        EmbeddedPreflight.check(settings);
        return new EmbeddedEnsemble(settings, tasks);
    }

    /** A client of this ensemble that tries this member first. */
    public ZooKeeperClient client(int ttlSeconds, Duration callLimit) {
        return new ZooKeeperClient(ZooKeeperAccess.of(settings, this::awaitServing), ttlSeconds, callLimit, tasks);
    }

    /**
     * Spares the client an attempt at this member while it starts or elects, because the library waits up to a second after each that fails.
     */
    private void awaitServing(HostPort server) {
        if (!server.equals(settings.servers().getFirst())) {
            return;
        }
        Time.Deadline deadline = tasks.time().deadlineIn(SERVING_LIMIT);
        try {
            while (!isServing() && !closing && !deadline.isPast()) {
                tasks.time().sleep(SERVING_POLL);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the server takes requests: alone, or with a quorum. */
    public boolean isServing() {
        return server.map(EmbeddedServer::isServing).orElse(false);
    }

    /** {@code standalone}, {@code leading}, {@code following}, {@code looking} or {@code stopped}; for logs and metrics. */
    public String state() {
        return server.map(EmbeddedServer::state).orElse("stopped");
    }

    private void logChanges() throws InterruptedException {
        String logged = "";
        while (!closing) {
            String now = state();
            if (!now.equals(logged)) {
                LOG.info("The embedded ZooKeeper server is {} (number {} of {}, data in {})", now, settings.myId(),
                        Math.max(1, settings.members().size()), settings.dataDir());
                logged = now;
            }
            tasks.time().sleep(LOOK_PAUSE);
        }
    }

    private void run() throws InterruptedException {
        while (!closing) {
            EmbeddedServer running = server.orElseGet(() -> new EmbeddedServer(settings));
            server = Optional.of(running);
            try {
                running.run();
                if (!closing) {
                    LOG.error("The embedded ZooKeeper server ended by itself, starting it again");
                }
            } catch (Exception problem) {
                if (!closing) {
                    LOG.error(
                            "The embedded ZooKeeper server failed (data in {}, listening on {}), starting it again: {}",
                            settings.dataDir(), settings.listen(), problem.toString());
                    LOG.debug("Where the embedded ZooKeeper server failed", problem);
                }
            } finally {
                running.close();
            }
            if (!closing) {
                server = Optional.empty();
                tasks.time().sleep(RESTART_PAUSE);
            }
        }
    }

    /** Stops the server; waits until its ports are free, at most 10 seconds. */
    @Override
    public void close() {
        closing = true;
        server.ifPresent(EmbeddedServer::close);
        try {
            if (!runner.await(Duration.ofSeconds(10))) {
                LOG.warn("The embedded ZooKeeper server did not stop within 10 s");
                runner.cancel();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
