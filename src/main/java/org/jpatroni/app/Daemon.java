package org.jpatroni.app;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.agent.AgentMetrics;
import org.jpatroni.agent.AgentParts;
import org.jpatroni.agent.HaLoop;
import java.util.function.Consumer;
import org.jpatroni.operation.LocalAgent;
import org.jpatroni.decide.Order;
import org.jpatroni.decide.Decision;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.agent.OrderDesk;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.agent.StatusCounters;
import org.jpatroni.agent.StatusReader;
import org.jpatroni.agent.VerdictTrace;
import org.jpatroni.api.HttpFrontend;
import org.jpatroni.citus.Formation;
import org.jpatroni.citus.NodeEvent;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.config.NodeConfig.CitusConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.decide.Facts;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommands;
import org.jpatroni.node.NodeView;
import org.jpatroni.operation.OperationParts;
import org.jpatroni.operation.Operations;
import org.jpatroni.peer.PeerClient;
import org.jpatroni.peer.PeerSettings;
import org.jpatroni.postgres.LocalPostgres;
import org.jpatroni.runtime.JvmFigures;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.watchdog.DeviceWatchdog;
import org.jpatroni.watchdog.Fence;
import org.jpatroni.watchdog.GuardFence;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node, put together and run: every {@code new} of the daemon in one place. The REST port is open before anything is waited for, but one look for
 * a daemon of the same name.
 */
final class Daemon {

    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    /** Version of Patroni whose contract is implemented; tools compare it. */
    private static final String CONTRACT_VERSION = "4.1.4";
    private static final Duration STATUS_LIMIT = Duration.ofMillis(350);
    /** Long, as each question that is given up leaves a connection behind that a hung server has yet to accept. */
    private static final Duration STATUS_PROBE_LIMIT = Duration.ofSeconds(5);

    private final NodeConfig node;
    private final Tasks tasks = Tasks.system();
    private final OperationCounters operations = new OperationCounters();
    private final ConfigReload reload;
    private final ServiceManager serviceManager;

    /**
     * @param path where the configuration was read, to read it again
     */
    Daemon(NodeConfig node, Optional<Path> path, Map<String, String> environment) {
        this.node = node;
        this.reload = new ConfigReload(path, environment, node, tasks);
        this.serviceManager = new ServiceManager(environment, tasks.time());
    }

    /**
     * Runs until the agent ends; returns its exit code.
     *
     * @throws StartException when a part cannot be started
     */
    int run() throws StartException, InterruptedException {
        ConfigMemory configuration = new ConfigMemory(node);
        DynamicConfig initial = configuration.read(configuration.initial());
        StatusBoard board = new StatusBoard(
                HaStatus.starting(node.name(), node.scope(), node.tags(), tasks.time().nanos()));
        StartingView view = new StartingView(board);
        StartingCommands commands = new StartingCommands();
        try (Stores stores = Stores.open(node, initial, tasks);
                PeerClient peers = callsToMembers();
                HttpFrontend api = listenAlone(stores, initial, peers, view, commands);
                LocalPostgres postgres = new LocalPostgres(node, initial, tasks);
                Formation formation = Sharding.of(node, stores.groups(), postgres, peers,
                        () -> board.current().dynamic(), tasks);
                Fence guard = new GuardFence(Path.of(node.postgres().dataDir()), Optional.empty(), tasks);
                DeviceWatchdog watchdog = new DeviceWatchdog(node.watchdog(), tasks.time())) {
            HaLoop loop = new HaLoop(new AgentParts(() -> identity(postgres), node.scope(),
                    () -> reload.current().tags(), stores.store(), postgres, peers,
                    guard, watchdog, tasks, configuration::read, configuration::initial,
                    formation, traces(Sharding.telling(formation, configuration))),
                    board);
            StatusCounters statusCounters = new StatusCounters(tasks.time());
            AgentMetrics metrics = new AgentMetrics(loop.counters(), operations, statusCounters,
                    stores.store()::calls);
            view.become(new StatusReader(board,
                    statusCounters.measured(() -> askStatus(postgres, STATUS_LIMIT)),
                    () -> askStatus(postgres, STATUS_PROBE_LIMIT), stores.store(), tasks, metrics::families));
            var _ = tasks.start("jvm-figures", JvmFigures::now);
            LocalAgent agent = agent(loop, api, peers, postgres, watchdog, formation);
            commands.become(new Operations(
                    new OperationParts(node.name(), stores.store(), board, loop::wake, peers, operations, tasks,
                            agent)));
            LOG.info("{} of cluster {}: REST API on {}, store {}", node.name(), node.scope(), node.restApi().listen(),
                    stores.store().describe());
            Runnable stop = () -> {
                serviceManager.stopping();
                loop.shutdown();
            };
            Signals.handle("TERM", stop);
            Signals.handle("INT", stop);
            Signals.handle("HUP", agent::reload);
            serviceManager.ready();
            int exitCode = loop.run();
            serviceManager.stopping();
            if (postgres.postmaster().isEmpty()) {
                watchdog.disable();
            }
            if (exitCode == 0) {
                guard.off();
            }
            api.close();
            return exitCode;
        }
    }

    /** The service manager hears of verdicts too. */
    private VerdictTrace traces(VerdictTrace first) {
        return (facts, verdict) -> {
            first.decided(facts, verdict);
            serviceManager.decided(facts, verdict);
        };
    }

    private Facts.Node identity(LocalPostgres postgres) {
        NodeConfig now = reload.current();
        return new Facts.Node(node.name(), now.restApi().apiUrl(), postgres.connUrl(), postgres.proxyUrl(),
                CONTRACT_VERSION, now.tree().containsKey("bootstrap"), postgres.clonesWithoutLeader(),
                node.citus().map(CitusConfig::database));
    }

    private LocalAgent agent(HaLoop loop, HttpFrontend api, PeerClient peers, LocalPostgres postgres,
            DeviceWatchdog watchdog, Formation formation) {
        ConfigReload.Parts parts = new ConfigReload.Parts() {
            @Override
            public void restApi(RestApiConfig config) throws IOException {
                api.reload(config);
            }

            @Override
            public void calls(NodeConfig config) {
                peers.reload(PeerSettings.of(config.ctl()));
            }

            @Override
            public void watchdog(WatchdogConfig config) {
                watchdog.reconfigure(config);
            }

            @Override
            public void node(NodeConfig config) {
                postgres.reconfigure(config);
            }
        };
        return new LocalAgent() {
            @Override
            public OrderDesk orders() {
                return loop.orders();
            }

            @Override
            public boolean preview(Order order, Consumer<Optional<Decision>> answer) {
                return loop.preview(order, answer);
            }

            @Override
            public void announce(NodeEvent event) throws InterruptedException {
                formation.announce(event);
            }

            @Override
            public void reload() {
                reload.begin(parts, loop::betweenSteps, serviceManager);
            }
        };
    }

    /** Opens the port, unless a daemon of the same name runs already. An embedded store serves only later, and is at one place only by itself. */
    private HttpFrontend listenAlone(Stores stores, DynamicConfig initial, PeerClient peers, NodeView view,
            NodeCommands commands) throws StartException, InterruptedException {
        if (stores.embedded().isEmpty()) {
            stores.store().setTimeouts(initial.ttlSeconds(), NameCheck.LIMIT);
            NameCheck.refuseTwins(node.name(), stores.store(), peers);
        }
        return listen(view, commands);
    }

    private HttpFrontend listen(NodeView view, NodeCommands commands) throws StartException {
        try {
            return HttpFrontend.start(node.restApi(), view, commands, tasks.time(), Version.ofThisBuild());
        } catch (IOException | IllegalArgumentException refused) {
            throw new StartException(String.valueOf(refused.getMessage()));
        }
    }

    private PeerClient callsToMembers() throws StartException {
        try {
            return new PeerClient(tasks, PeerSettings.of(node.ctl()));
        } catch (IllegalArgumentException refused) {
            throw new StartException(String.valueOf(refused.getMessage()));
        }
    }

    private static Optional<PostgresObservation> askStatus(LocalPostgres postgres, Duration limit) {
        try {
            return Optional.of(postgres.statusQuery().ask(limit));
        } catch (SQLException unanswered) {
            LOG.debug("PostgreSQL did not answer the status query: {}", unanswered.getMessage());
            return Optional.empty();
        }
    }
}
