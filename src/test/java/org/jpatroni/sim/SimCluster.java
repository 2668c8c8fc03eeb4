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
    private final List<SimNode> nodes = new ArrayList<>();
    private final SimSync sync;
    private final SimLedger ledger;
    private final Invariants invariants;
    private final Workload workload;
    private final SimMaintenance maintenance;
    private final Nemesis nemesis;
    private final SimOperator operator;

    SimCluster(SimSetup setup, SimKernel kernel, Coverage coverage) {
        this.setup = setup;
        this.kernel = kernel;
        this.coverage = coverage;
        this.network = new SimNetwork(kernel);
        this.store = new SimStore(kernel, network);
        for (int i = 0; i < setup.nodes(); i++) {
            servers.add(new SimPostgres(kernel, network, i, SimNode.name(i), servers));
        }
        SimRandom lag = new SimRandom(setup.seed()).fork("lag");
        for (int i = 0; i < setup.nodes(); i++) {
            servers.get(i).pace().streamDelayMillis = lag.chance(0.3) ? lag.between(100, 3000) : 0;
            nodes.add(new SimNode(this, i, setup.tags().get(i), servers.get(i)));
        }
        this.maintenance = new SimMaintenance(this);
        this.sync = new SimSync(store);
        this.ledger = new SimLedger(this);
        this.invariants = new Invariants(this);
        this.workload = new Workload(this);
        this.nemesis = new Nemesis(this);
        this.operator = new SimOperator(this);
    }

    /** Bootstrap in peace, then trouble, then peace again, in which the cluster must heal within its budget. */
    void run() {
        nodes.forEach(node -> kernel.afterMillis(kernel.random().between(0, 2000), node::startAgent));
        workload.begin();
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

    /** Goes on until nothing was missing for a while, or the budget is used up. */
    private boolean converge(String phase, int budgetSeconds, int stableSeconds) {
        long end = kernel.nowNanos() + budgetSeconds * SECOND;
        for (int stable = 0; stable <= stableSeconds && kernel.failure() == null; stable++) {
            kernel.runUntil(kernel.nowNanos() + SECOND);
            Optional<String> now = Liveness.whatIsMissing(this).or(operator::unanswered);
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

    List<SimNode> nodes() {
        return nodes;
    }

    Invariants invariants() {
        return invariants;
    }

    SimMaintenance maintenance() {
        return maintenance;
    }

    SimOperator operator() {
        return operator;
    }

    SimSync sync() {
        return sync;
    }

    SimLedger ledger() {
        return ledger;
    }
}
