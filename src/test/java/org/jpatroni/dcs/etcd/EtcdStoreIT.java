package org.jpatroni.dcs.etcd;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.KeysContract;
import org.jpatroni.dcs.StoreUnderTest;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.jspecify.annotations.Nullable;

/** etcd keeps the contract of stores. */
class EtcdStoreIT extends KeysContract {

    private static @Nullable EtcdServer server;

    @BeforeAll
    static void startServer() {
        server = EtcdServer.start();
    }

    @AfterAll
    static void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    static EtcdClient client(List<String> endpoints) {
        return EtcdClient.open(config(endpoints), Time.system(), Tasks.system(), 30, Duration.ofSeconds(5));
    }

    static StoreConfig.Etcd3 config(List<String> endpoints) {
        return new StoreConfig.Etcd3(endpoints, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), Optional.empty(), Optional.empty(), false);
    }

    @Override
    protected StoreUnderTest store() {
        EtcdServer running = java.util.Objects.requireNonNull(server);
        return new StoreUnderTest() {
            @Override
            public KeyValueClient connect() {
                return client(List.of(running.url()));
            }

            @Override
            public void put(String key, String value) {
                running.put(key, value);
            }

            @Override
            public void delete(String key) {
                running.delete(key);
            }

            @Override
            public Optional<String> read(String key) {
                return running.read(key);
            }

            @Override
            public void endSession(KeyValueClient client) {
                running.revoke(client.sessionId());
            }

            @Override
            public void passTime(Duration duration) {
                try {
                    Time.system().sleep(duration);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public Time time() {
                return Time.system();
            }

            @Override
            public int shortTtlSeconds() {
                return 2;
            }
        };
    }
}
