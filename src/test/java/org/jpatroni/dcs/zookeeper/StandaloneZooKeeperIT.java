package org.jpatroni.dcs.zookeeper;

import java.nio.file.Path;
import org.jpatroni.dcs.KeysContract;
import org.jpatroni.dcs.StoreUnderTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.jspecify.annotations.Nullable;

/** The contract with one embedded server. */
class StandaloneZooKeeperIT extends KeysContract {

    private static @Nullable TestEnsemble ensemble;
    private static @Nullable ZooKeeperUnderTest zooKeeper;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        ensemble = TestEnsemble.standalone(folder);
        zooKeeper = new ZooKeeperUnderTest(ensemble, "alone");
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
