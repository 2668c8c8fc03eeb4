package org.jpatroni.app;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.GroupReader;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.etcd.EtcdClient;
import org.jpatroni.dcs.zookeeper.EmbeddedEnsemble;
import org.jpatroni.dcs.zookeeper.EmbeddedStoreException;
import org.jpatroni.dcs.zookeeper.ZooKeeperClient;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.runtime.Tasks;

/**
 * The configured store, opened without waiting for it.
 *
 * @param groups the other groups of a sharded cluster, below the same scope
 * @param embedded the server inside this process, when that is the store
 */
record Stores(ClusterStore store, GroupReader groups, Optional<EmbeddedEnsemble> embedded) implements AutoCloseable {

    /**
     * Opens what the configuration names.
     *
     * @throws StartException when it cannot work: the message names the setting
     */
    static Stores open(NodeConfig node, DynamicConfig initial, Tasks tasks) throws StartException {
        int ttl = initial.ttlSeconds();
        Duration limit = Duration.ofSeconds(initial.retryTimeoutSeconds());
        try {
            return switch (node.store()) {
                case StoreConfig.Etcd3 etcd ->
                    external(node, EtcdClient.open(etcd, tasks.time(), tasks, ttl, limit), tasks);
                case StoreConfig.ZooKeeper zooKeeper -> external(node,
                        ZooKeeperClient.open(zooKeeper, ttl, limit, tasks), tasks);
                case StoreConfig.Embedded embedded -> {
                    EmbeddedEnsemble server = EmbeddedEnsemble.start(embedded, node.name(), tasks);
                    yield over(node, server.client(ttl, limit), Optional.of(server), tasks);
                }
            };
        } catch (EmbeddedStoreException | IllegalArgumentException unusable) {
            throw new StartException(String.valueOf(unusable.getMessage()));
        }
    }

    private static Stores external(NodeConfig node, KeyValueClient client, Tasks tasks) {
        return over(node, client, Optional.empty(), tasks);
    }

    private static Stores over(NodeConfig node, KeyValueClient client, Optional<EmbeddedEnsemble> server, Tasks tasks) {
        ClusterKeys scope = ClusterKeys.of(node.namespace(), node.scope());
        ClusterKeys keys = node.citus().map(citus -> scope.ofGroup(citus.group())).orElse(scope);
        return new Stores(new KvClusterStore(client, keys, node.name(), tasks.time()), new GroupReader(client, scope),
                server);
    }

    @Override
    public void close() {
        store.close();
        embedded.ifPresent(EmbeddedEnsemble::close);
    }
}
