package org.jpatroni.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.Awaitility;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.StoreUnderTest;
import org.jpatroni.runtime.Time;

/** One member of an ensemble, and ZooKeeper's plain client to look past the client under test. */
final class ZooKeeperUnderTest implements StoreUnderTest, AutoCloseable {

    private final TestEnsemble ensemble;
    private final String member;
    private final ZooKeeper plain;

    ZooKeeperUnderTest(TestEnsemble ensemble, String member) throws Exception {
        this.ensemble = ensemble;
        this.member = member;
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(ensemble::allServe);
        this.plain = new ZooKeeper(address(), 30_000, event -> {
        });
    }

    String address() {
        return ensemble.config(member).listen().toString();
    }

    @Override
    public KeyValueClient connect() {
        return ensemble.client(member, 30);
    }

    @Override
    public void put(String key, String value) {
        byte[] data = value.getBytes(StandardCharsets.UTF_8);
        attempt(() -> {
            for (int slash = key.indexOf('/', 1); slash > 0; slash = key.indexOf('/', slash + 1)) {
                createIfAbsent(key.substring(0, slash), new byte[0]);
            }
            if (!createIfAbsent(key, data)) {
                plain.setData(key, data, -1);
            }
            return true;
        });
    }

    private boolean createIfAbsent(String path, byte[] data) throws Exception {
        try {
            plain.create(path, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            return true;
        } catch (KeeperException.NodeExistsException present) {
            return false;
        }
    }

    @Override
    public void delete(String key) {
        attempt(() -> {
            ZKUtil.deleteRecursive(plain, key);
            return true;
        });
    }

    @Override
    public Optional<String> read(String key) {
        return attempt(() -> {
            plain.sync(key);
            try {
                return Optional.of(new String(plain.getData(key, false, null), StandardCharsets.UTF_8));
            } catch (KeeperException.NoNodeException absent) {
                return Optional.empty();
            }
        });
    }

    @Override
    public void endSession(KeyValueClient client) {
        Session session = ((ZooKeeperClient) client).session().orElseThrow();
        attempt(() -> {
            try (ZooKeeper twin = new ZooKeeper(address(), 30_000, event -> {
            }, session.id(), session.password())) {
                return twin.exists("/", false) != null;
            }
        });
    }

    @Override
    public void passTime(Duration duration) {
        attempt(() -> {
            Time.system().sleep(duration);
            return true;
        });
    }

    @Override
    public Time time() {
        return Time.system();
    }

    @Override
    public int shortTtlSeconds() {
        return 2;
    }

    @Override
    public void close() throws InterruptedException {
        plain.close();
    }

    private interface Attempt<T> {
        T run() throws Exception;
    }

    private static <T> T attempt(Attempt<T> attempt) {
        try {
            return attempt.run();
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
    }
}
