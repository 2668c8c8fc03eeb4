package org.jpatroni.sim;

import java.util.List;

/** The primary outside of a standby cluster, which outlives it. It takes writes of its own, and is now and then restarted. */
final class SimRemote {

    /** Where {@code standby_cluster} points to. */
    static final String HOST = "10.0.0.100";

    private static final long FIRST_TRANSACTION = 1_000_000_000L;

    private final SimKernel kernel;
    private final SimPostgres server;
    private final SimRandom random;
    private long transactions = FIRST_TRANSACTION;

    /** @param all every server of the simulation; the remote one is added */
    SimRemote(SimKernel kernel, SimNetwork network, SimSetup setup, List<SimPostgres> all) {
        this.kernel = kernel;
        this.server = new SimPostgres(kernel, network, setup.nodes(), "remote", all);
        this.random = new SimRandom(setup.seed()).fork("remote");
        server.pace().calm();
        all.add(server);
    }

    void begin() {
        server.initialize(String.valueOf(7_100_000_000_000_000_000L + random.below(1_000_000_000L)));
        server.beginStart(java.util.Optional.empty());
        write();
    }

    private void write() {
        kernel.afterMillis(random.between(300, 1500), () -> {
            server.commit(++transactions);
            if (server.phase() == SimPostgres.Phase.DOWN) {
                server.beginStart(java.util.Optional.empty());
            }
            write();
        });
    }

    /** It crashes, and is back soon. */
    void crash() {
        server.vanish("killed");
    }

    SimPostgres server() {
        return server;
    }
}
