package org.jpatroni.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jpatroni.config.ConfigDiff;
import org.jpatroni.config.ConfigException;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the file and the environment that the daemon was started with again, and has every part take over what changed. A configuration
 * with a problem changes nothing; what cannot change while the daemon runs stays as it was, with a warning.
 */
final class ConfigReload {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigReload.class);

    /** Who takes settings over. Each keeps its old ones when it throws. */
    interface Parts {

        /** Address, access, TLS; also when nothing but the content of TLS files has changed. */
        void restApi(RestApiConfig config) throws IOException;

        /** How other members are called. */
        void calls(NodeConfig config);

        /** The watchdog device. */
        void watchdog(WatchdogConfig config);

        /** Tags and PostgreSQL, between two steps of the HA loop. */
        void node(NodeConfig config);
    }

    private final Optional<Path> path;
    private final Map<String, String> environment;
    private final Tasks tasks;
    private final AtomicBoolean waiting = new AtomicBoolean();
    private final Object oneAtATime = new Object();
    private volatile NodeConfig current;

    /**
     * @param path as on the command line
     * @param current what the daemon was started with
     */
    ConfigReload(Optional<Path> path, Map<String, String> environment, NodeConfig current, Tasks tasks) {
        this.path = path;
        this.environment = environment;
        this.current = current;
        this.tasks = tasks;
    }

    /** The configuration in force. */
    NodeConfig current() {
        return current;
    }

    /** Begins it beside the caller; several calls before it begins are one. */
    void begin(Parts parts, Predicate<Runnable> betweenSteps, ServiceManager serviceManager) {
        if (waiting.compareAndSet(false, true)) {
            var _ = tasks.start("reload", () -> {
                synchronized (oneAtATime) {
                    waiting.set(false);
                    serviceManager.reloading();
                    try {
                        run(parts, betweenSteps);
                    } finally {
                        serviceManager.ready();
                    }
                }
                return Boolean.TRUE;
            });
        }
    }

    private void run(Parts parts, Predicate<Runnable> betweenSteps) {
        ConfigLoader.Loaded loaded;
        try {
            loaded = ConfigLoader.load(path, environment);
        } catch (ConfigException invalid) {
            invalid.warnings().forEach(LOG::warn);
            invalid.problems().forEach(problem -> LOG.error("{}", problem));
            LOG.error("the configuration is not taken over: the old one stays in force");
            return;
        }
        NodeConfig before = current;
        ConfigDiff diff = ConfigDiff.between(before, loaded.config());
        loaded.warnings().forEach(LOG::warn);
        diff.needAgentRestart()
                .forEach(
                        setting -> LOG.warn("{} has changed: it takes effect when JPatroni is started again", setting));
        NodeConfig next = withFixedParts(loaded.config(), before);
        if (diff.log()) {
            safely("log", () -> LogSetup.apply(next.log()));
        }
        safely("restapi", () -> parts.restApi(next.restApi()));
        safely("ctl", () -> parts.calls(next));
        if (diff.watchdog()) {
            parts.watchdog(next.watchdog());
        }
        current = next;
        if (diff.tags() || diff.postgres() || diff.restApi()) {
            Consumer<NodeConfig> apply = parts::node;
            if (!betweenSteps.test(() -> apply.accept(next))) {
                LOG.error("the HA loop is too busy to take over tags and PostgreSQL settings: reload again");
                return;
            }
        }
        LOG.info(diff.isEmpty() ? "configuration read again: nothing has changed" : "configuration read again");
    }

    private interface Change {
        void run() throws IOException;
    }

    private static void safely(String section, Change change) {
        try {
            change.run();
        } catch (IOException | IllegalArgumentException refused) {
            LOG.error("{}: {}; its old settings stay in force", section, refused.getMessage());
        }
    }

    /** What names this node, its data, its programs and the way to its server cannot change under a running PostgreSQL. */
    private static NodeConfig withFixedParts(NodeConfig fresh, NodeConfig before) {
        PostgresConfig now = fresh.postgres();
        PostgresConfig old = before.postgres();
        PostgresConfig postgres = new PostgresConfig(old.listenHosts(), old.listenPort(), now.connectHost(),
                now.connectPort(), now.proxyAddress(), old.dataDir(), old.configDir(), old.binDir(), old.binNames(),
                now.pgpass(), now.superuser(), now.replication(), now.rewind(), now.database(), now.useUnixSocket(),
                now.useUnixSocketRepl(), now.callbacks(), now.customConf(), now.prePromote(), now.beforeStop(),
                now.local());
        return new NodeConfig(before.scope(), before.namespace(), before.name(), fresh.restApi(), fresh.ctl(),
                before.store(), postgres, fresh.bootstrap(), fresh.watchdog(), fresh.log(), fresh.tags(),
                before.citus(), fresh.tree());
    }
}
