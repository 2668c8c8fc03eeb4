package org.jpatroni.sim;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.jpatroni.agent.AgentParts;
import org.jpatroni.agent.HaLoop;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.citus.Formation;
import org.jpatroni.decide.Facts;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Upstream;
import org.jpatroni.node.HaStatus;
import org.jpatroni.peer.Peers;
import org.jpatroni.postgres.PostgresControl;
import org.jspecify.annotations.Nullable;

/** One machine: its clock, its PostgreSQL, its guard, and the agent that runs there at the moment. */
final class SimNode {

    /** Reading the same text gives the same configuration; runs read it very often. */
    private static final Map<String, DynamicConfig> CONFIGS = new ConcurrentHashMap<>();

    private static final long BOOT_NANOS = 30_000_000_000L;

    private final SimCluster cluster;
    private final SimKernel kernel;
    private final int index;
    private final Tags tags;
    private final SimPostgres server;
    private SimTime time;
    private SimFence fence;
    private SimWatchdogDevice watchdog;
    private boolean powered = true;
    private int incarnation;
    private @Nullable Agent agent;
    /** {@code patroni.dynamic.json}: it survives the agent. */
    private String cachedConfig = "";

    /** One run of the agent. */
    record Agent(SimProcess process, HaLoop loop, StatusBoard board, SimPostgresControl control) {
    }

    SimNode(SimCluster cluster, int index, Tags tags, SimPostgres server) {
        this.cluster = cluster;
        this.kernel = cluster.kernel();
        this.index = index;
        this.tags = tags;
        this.server = server;
        this.time = newClock();
        this.fence = newFence();
        this.watchdog = newWatchdog();
    }

    static String name(int index) {
        return "n" + (index + 1);
    }

    private SimTime newClock() {
        SimRandom random = kernel.random();
        return new SimTime(kernel, random.between(-1_000_000_000_000_000L, 1_000_000_000_000_000L),
                random.between(-200, 200), random.between(-3_000_000_000L, 3_000_000_000L));
    }

    private SimFence newFence() {
        boolean off = cluster.setup().mutant() == Mutant.GUARD_OFF
                || cluster.setup().mutant() == Mutant.DEMOTION_SKIPPED;
        return new SimFence(kernel, time, server, !off, () -> cluster.invariants().before("guard stop", this));
    }

    /** Whether a watchdog that is required does not work here. */
    boolean mayNotLead() {
        return watchdog.keepsFromLeading();
    }

    private SimWatchdogDevice newWatchdog() {
        return new SimWatchdogDevice(cluster.setup(), index, kernel, time, () -> {
            kernel.trace(name(), "watchdog: not kept alive, resetting the machine");
            crashMachine();
            kernel.after(BOOT_NANOS, this::bootMachine);
        });
    }

    /** Starts the agent unless one runs or the machine is off. */
    void startAgent() {
        if (!powered || agent != null) {
            return;
        }
        SimProcess process = new SimProcess(kernel, name() + "#" + ++incarnation);
        SimTasks tasks = new SimTasks(kernel, process, time);
        ClusterStore store = new KvClusterStore(cluster.store().connect(this, time), SimStore.KEYS, name(), time);
        SimPostgresControl sim = new SimPostgresControl(kernel, process, time, server, reach());
        Peers peers = new SimPeers(kernel, cluster.network(), this, time, cluster.nodes(), cluster.failsafe());
        Mutants mutants = new Mutants(cluster.setup().mutant(), kernel, time);
        PostgresControl control = mutants.postgres(sim, server);
        Facts.Node identity = new Facts.Node(name(), "http://10.0.0." + (index + 1) + ":8008/patroni",
                control.connUrl(), Optional.empty(), "4.1.4", true, cluster.setup().hasBackups());
        AgentParts parts = new AgentParts(() -> identity, "demo", () -> tags, mutants.store(store, name(), server),
                control, mutants.peers(peers), fence, watchdog.watchdog(), tasks, this::readConfig,
                () -> cachedConfig.isEmpty() ? cluster.setup().settings().json(false) : cachedConfig, Formation.NONE,
                cluster.coverage().traceFor(this, kernel));
        StatusBoard board = new StatusBoard(HaStatus.starting(name(), "demo", tags, time.nanos()));
        HaLoop loop = new HaLoop(parts, board);
        agent = new Agent(process, loop, board, sim);
        kernel.trace(name(), "agent starts");
        var _ = tasks.start("ha-loop", () -> {
            try {
                int exitCode = loop.run();
                kernel.trace(name(), "agent ends with exit code " + exitCode);
                kernel.after(0, () -> agentEnded(process));
            } catch (RuntimeException | Error bug) {
                kernel.fail("the HA loop of " + name() + " ended with " + bug);
            }
            return 0;
        });
    }

    private DynamicConfig readConfig(String json) {
        cachedConfig = json;
        return CONFIGS.computeIfAbsent(json, text -> DynamicConfigReader.read(text, DynamicConfig.DEFAULT).config());
    }

    private void agentEnded(SimProcess process) {
        process.kill();
        if (agent != null && agent.process() == process) {
            agent = null;
            server.onChange(null);
        }
    }

    void killAgent() {
        if (agent != null) {
            kernel.trace(name(), "agent killed");
            agentEnded(agent.process());
        }
    }

    void stopAgent() {
        if (agent != null) {
            kernel.trace(name(), "agent is told to end");
            agent.loop().shutdown();
        }
    }

    void freezeAgent() {
        if (agent != null && !agent.process().isFrozen()) {
            kernel.trace(name(), "agent frozen");
            agent.process().freeze();
        }
    }

    void thawAgent() {
        if (agent != null && agent.process().isFrozen()) {
            kernel.trace(name(), "agent goes on");
            agent.process().thaw();
        }
    }

    /** Power loss: everything on the machine is gone but the disk. */
    void crashMachine() {
        if (powered) {
            kernel.trace(name(), "machine crashes");
            killAgent();
            fence.off();
            watchdog.off();
            server.vanish("power loss");
            powered = false;
        }
    }

    void bootMachine() {
        if (!powered) {
            kernel.trace(name(), "machine boots");
            powered = true;
            time = newClock();
            fence = newFence();
            watchdog = newWatchdog();
            startAgent();
        }
    }

    private SimPostgresControl.SimPeersOfServer reach() {
        return new SimPostgresControl.SimPeersOfServer() {
            @Override
            public Optional<SimPostgres> reach(Upstream upstream) {
                if (upstream instanceof Upstream.OfMember member) {
                    return cluster.servers().stream()
                            .filter(other -> member.member().connUrl()
                                    .equals(Optional.of(SimPostgresControl.connUrl(other.index()))))
                            .filter(other -> other.servesReplication()
                                    && cluster.network().isConnected(index, other.index()))
                            .findFirst();
                }
                return upstream instanceof Upstream.Remote
                        ? cluster.remote().filter(remote -> remote.servesReplication()
                                && cluster.network().isConnected(index, remote.index()))
                        : Optional.empty();
            }

            @Override
            public Optional<SimBackup.Kept> backup() {
                return cluster.backup().kept();
            }

            @Override
            public void before(String act, SimPostgres looked) {
                cluster.invariants().before(act, SimNode.this);
            }
        };
    }

    /** What the REST API of this node answers a peer; empty when nobody answers. */
    Optional<PeerAnswer> statusForPeers() {
        Agent running = agent;
        if (running == null || !running.process().isResponsive()) {
            return Optional.empty();
        }
        HaStatus status = running.board().current();
        boolean known = server.isUp() && !server.isStalled();
        return Optional.of(new PeerAnswer(name(), true, !known || server.inRecovery(),
                known ? Optional.of(server.wal().end()) : Optional.<Lsn>empty(),
                known ? OptionalInt.of(server.wal().timeline()) : OptionalInt.empty(), tags, status.watchdogFailed(),
                status.dcsLastSeenEpochSeconds(), status.role().wireText(),
                known && server.inRecovery() && server.receiver().source().isPresent()));
    }

    /** What the REST API of this node answers a primary without store; empty when nobody answers. */
    Optional<FailsafeAnswer> answerFailsafe(FailsafePing ping) {
        Agent running = agent;
        if (running == null || !running.process().isResponsive()) {
            return Optional.empty();
        }
        HaStatus status = running.board().current();
        boolean leads = status.state() == PostgresState.RUNNING && status.role() == PostgresRole.PRIMARY;
        Mutant mutant = cluster.setup().mutant();
        boolean forgets = mutant == Mutant.FAILSAFE_PROMISE_BROKEN || mutant == Mutant.FAILSAFE_NOT_EXTENDED
                && running.board().failsafe().primary(time.nanos()).isPresent();
        return Optional.of(leads || !status.dynamic().failsafeMode()
                ? new FailsafeAnswer(name(), FailsafeAnswer.Kind.REFUSED, Optional.empty(), "refused")
                : running.board().failsafe().ask(name(), ping, status.dynamic().ttlSeconds(), time.nanos(),
                        forgets));
    }

    /** What the agent has published; empty while none runs. */
    Optional<HaStatus> published() {
        return Optional.ofNullable(agent).map(running -> running.board().current());
    }

    /** Whether {@code GET /primary} would be answered with 200 now. */
    boolean answersPrimary() {
        Agent running = agent;
        if (running == null || !running.process().isResponsive() || !server.isUp() || server.inRecovery()
                || server.isStalled()) {
            return false;
        }
        HaStatus status = running.board().current();
        return status.holdsLease(time.nanos()) && status.role() == PostgresRole.PRIMARY
                && status.state() == PostgresState.RUNNING;
    }

    Optional<Agent> agent() {
        return Optional.ofNullable(agent);
    }

    /** Whether the agent that runs now acts on a paused cluster; false without agent. */
    boolean believesInPause() {
        return agent != null && agent.board().current().dynamic().pause();
    }

    /** Somebody starts the server by hand, as an agent finds it then: the role follows the signal file. */
    void startedByHand() {
        if (agent != null) {
            agent.control().setRole(server.standbySignal() ? PostgresRole.REPLICA : PostgresRole.PRIMARY);
        }
    }

    /** Whether the agent works on the data directory now, which nobody should start by hand then. */
    boolean isAtWork() {
        return agent != null && agent.control().isAtWork();
    }

    /** State and role that the agent shows, and whether it believes in its lease. */
    String shown() {
        return agent == null
                ? "no agent"
                : agent.board().current().state() + "/" + agent.board().current().role() + ", lease "
                        + agent.board().current().holdsLease(time.nanos());
    }

    boolean isPowered() {
        return powered;
    }

    boolean isAgentResponsive() {
        return agent != null && agent.process().isResponsive();
    }

    boolean isAgentRunning() {
        return agent != null;
    }

    SimTime time() {
        return time;
    }

    int index() {
        return index;
    }

    String name() {
        return name(index);
    }

    Tags tags() {
        return tags;
    }

    SimPostgres server() {
        return server;
    }

    static List<String> names(List<SimNode> nodes) {
        return nodes.stream().map(SimNode::name).toList();
    }
}
