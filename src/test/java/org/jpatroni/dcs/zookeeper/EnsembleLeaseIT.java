package org.jpatroni.dcs.zookeeper;

import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.jpatroni.dcs.LeaseContract;
import org.jpatroni.dcs.StoreUnderTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.jspecify.annotations.Nullable;

/** The contract of the leader key with three servers and clients at one that follows: what it answers may be old, what is proven is not. */
class EnsembleLeaseIT extends LeaseContract {

    private static @Nullable TestEnsemble ensemble;
    private static @Nullable ZooKeeperUnderTest zooKeeper;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        TestEnsemble started = TestEnsemble.of(folder, "a", "b", "c");
        ensemble = started;
        for (String name : new String[]{"a", "b", "c"}) {
            started.start(name);
        }
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(started::allServe);
        zooKeeper = new ZooKeeperUnderTest(started, started.inState("following").orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        if (zooKeeper != null) {
            zooKeeper.close();
        }
        if (ensemble != null) {
            ensemble.close();
        }
    }

    @Override
    protected StoreUnderTest store() {
        if (zooKeeper == null) {
            throw new IllegalStateException("not started");
        }
        return zooKeeper;
    }
}
