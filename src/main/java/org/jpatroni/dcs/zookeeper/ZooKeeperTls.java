package org.jpatroni.dcs.zookeeper;

import java.util.Optional;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ClientX509Util;
import org.jpatroni.config.Secret;
import org.jpatroni.config.StoreConfig;

/** Translates Patroni's TLS settings of the section {@code zookeeper} into the client's. */
final class ZooKeeperTls {

    private ZooKeeperTls() {
    }

    static void apply(StoreConfig.ZooKeeper config, ZKClientConfig client) {
        try (ClientX509Util names = new ClientX509Util()) {
            client.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
            client.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNetty");
            config.cacert().ifPresent(file -> {
                client.setProperty(names.getSslTruststoreLocationProperty(), file);
                client.setProperty(names.getSslTruststoreTypeProperty(), "PEM");
            });
            Optional<String> certificate = config.cert();
            certificate.ifPresent(file -> {
                client.setProperty(names.getSslKeystoreLocationProperty(), file);
                client.setProperty(names.getSslKeystoreTypeProperty(), "PEM");
                config.keyPassword().map(Secret::reveal)
                        .ifPresent(password -> client.setProperty(names.getSslKeystorePasswdProperty(), password));
            });
            client.setProperty(names.getSslHostnameVerificationEnabledProperty(), String.valueOf(config.verify()));
        }
    }
}
