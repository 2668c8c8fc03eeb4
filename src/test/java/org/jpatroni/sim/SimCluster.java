package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All that a run consists of: kernel, network, store, machines, clients, checkers. */
final class SimCluster {

    private static final long SECOND = 1_000_000_000L;

    private final SimSetup setup;
    private final SimKernel kernel;
    private final SimNetwork network;
    private final SimStore store;
    private final Coverage coverage;
    private final List<SimPostgres> servers = new ArrayList<>();
    private final List<SimPostgres> reachable = new ArrayList<>();
    private final Optional<SimRemote> remote;
    private final List<SimNode> nodes = new ArrayList<>();
    private final SimSync sync;
    private final SimFailsafe failsafe;
    private final SimLedger ledger;
    private final Invariants invariants;
    private final Workload workload;
    private final SimMaintenance maintenance;
    private final SimDisasters disasters;
    private final SimBackup backup;
    private final Nemesis nemesis;
    private final SimOperator operator;

    SimCluster(SimSetup setup, SimKernel kernel, Coverage coverage) {
        this.setup = setup;
        this.kernel = kernel;
        this.coverage = coverage;
        this.network = new SimNetwork(kernel);
        this.store = new SimStore(kernel, network);
        for (int i = 0; i < setup.nodes(); i++) {
            servers.add(new SimPostgres(kernel, network, i, SimNode.name(i), reachable));
        }
        reachable.addAll(servers);
        this.remote = setup.settings().standbyCluster()
                ? Optional.of(new SimRemote(kernel, network, setup, reachable))
                : Optional.empty();
        SimRandom lag = new SimRandom(setup.seed()).fork("lag");
        for (int i = 0; i < setup.nodes(); i++) {
            servers.get(i).pace().streamDelayMillis = lag.chance(0.3) ? lag.between(100, 3000) : 0;
            nodes.add(new SimNode(this, i, setup.tags().get(i), servers.get(i)));
        }
        this.maintenance = new SimMaintenance(this);
        this.sync = new SimSync(store);
        this.failsafe = new SimFailsafe(this);
        this.ledger = new SimLedger(this);
        this.invariants = new Invariants(this);
        this.workload = new Workload(this);
        this.disasters = new SimDisasters(this);
        this.backup = new SimBackup(this);
        this.nemesis = new Nemesis(this);
        this.operator = new SimOperator(this);
    }

    /** Bootstrap in peace, then trouble, then peace again, in which the cluster must heal within its budget. */
    void run() {
        nodes.forEach(node -> kernel.afterMillis(kernel.random().between(0, 2000), node::startAgent));
        remote.ifPresent(SimRemote::begin);
        workload.begin();
        disasters.begin();
        backup.begin();
        nemesis.supervise();
        beginHard();
        kernel.onEvent(invariants::check);
        if (!converge("bootstrap", 120, 0)) {
            return;
        }
        nemesis.begin();
        operator.begin();
        kernel.runUntil(kernel.nowNanos() + setup.faultSeconds() * SECOND);
        nemesis.end();
        operator.end();
        kernel.trace("kernel", "everything heals");
        converge("healing", Liveness.budgetSeconds(setup), 2 * setup.loopWaitSeconds());
    }

    /** Some clusters have trouble from the very beginning. */
    private void beginHard() {
        if (setup.isHardToBegin()) {
            servers.forEach(server -> server.pace().bootstrapFailChance = 0.5);
            kernel.afterMillis(20_000, () -> servers.forEach(server -> server.pace().bootstrapFailChance = 0));
        }
    }

    /** Goes on until nothing was missing for a while, or the budget is used up. */
    private boolean converge(String phase, int budgetSeconds, int stableSeconds) {
        long end = kernel.nowNanos() + budgetSeconds * SECOND;
        for (int stable = 0; stable <= stableSeconds && kernel.failure() == null; stable++) {
            kernel.runUntil(kernel.nowNanos() + SECOND);
            Optional<String> now = (maintenance.settings().standbyCluster()
                    ? StandbyLiveness.whatIsMissing(this)
                    : Liveness.whatIsMissing(this)).or(operator::unanswered);
            if (now.isPresent()) {
                stable = -1;
                if (kernel.nowNanos() >= end) {
                    kernel.fail("invariant 12: " + phase + " took more than " + budgetSeconds + " s: " + now.get());
                }
            }
        }
        return kernel.failure() == null;
    }

    /** The only node that accepts writes; empty when there is none. */
    Optional<SimNode> writable() {
        return nodes.stream().filter(node -> node.server().acceptsWrites()).findFirst();
    }

    SimSetup setup() {
        return setup;
    }

    SimKernel kernel() {
        return kernel;
    }

    SimNetwork network() {
        return network;
    }

    SimStore store() {
        return store;
    }

    Coverage coverage() {
        return coverage;
    }

    List<SimPostgres> servers() {
        return servers;
    }

    /** The primary outside that a standby cluster follows. */
    Optional<SimPostgres> remote() {
        return remote.map(SimRemote::server);
    }

    List<SimNode> nodes() {
        return nodes;
    }

    Invariants invariants() {
        return invariants;
    }

    SimDisasters disasters() {
        return disasters;
    }

    SimBackup backup() {
        return backup;
    }

    SimMaintenance maintenance() {
        return maintenance;
    }

    SimOperator operator() {
        return operator;
    }

    SimFailsafe failsafe() {
        return failsafe;
    }

    SimSync sync() {
        return sync;
    }

    SimLedger ledger() {
        return ledger;
    }
}
