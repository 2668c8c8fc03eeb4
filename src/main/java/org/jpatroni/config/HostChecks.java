package org.jpatroni.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Checks a configuration against the machine it is meant for: files, folders, ports, programs. Changes nothing. */
public final class HostChecks {

    private static final int OLDEST_POSTGRESQL = 13;

    private final Problems problems = new Problems();

    private HostChecks() {
    }

    /**
     * Checks.
     *
     * @param ports whether to look if somebody listens on the configured ports; that may be this node's own agent, so it is a warning
     * @return errors and warnings
     */
    public static Problems check(NodeConfig config, boolean ports) {
        HostChecks checks = new HostChecks();
        checks.restApi(config);
        checks.postgres(config.postgres());
        config.log().dir().ifPresent(dir -> checks.writableFolder("log.dir", Path.of(dir)));
        checks.store(config.store());
        if (ports) {
            checks.port("restapi.listen", config.restApi().listen());
            for (String host : config.postgres().listenHosts().split(",", -1)) {
                checks.port("postgresql.listen", new HostPort(host, config.postgres().listenPort()));
            }
            if (config.store() instanceof StoreConfig.Embedded embedded) {
                checks.port("embedded.listen", embedded.listen());
            }
        }
        return checks.problems;
    }

    /** Checks only that PostgreSQL's programs are where the configuration says: without them nothing can ever work. */
    public static Problems programs(PostgresConfig config) {
        HostChecks checks = new HostChecks();
        checks.postgresPrograms(config);
        return checks.problems;
    }

    private void restApi(NodeConfig config) {
        config.restApi().tls().ifPresent(tls -> {
            readable("restapi.certfile", Optional.of(tls.certfile()));
            readable("restapi.keyfile", tls.keyfile());
            readable("restapi.cafile", tls.cafile());
        });
        readable("ctl.certfile", config.ctl().certfile());
        readable("ctl.keyfile", config.ctl().keyfile());
        readable("ctl.cacert", config.ctl().cacert());
    }

    private void store(StoreConfig store) {
        switch (store) {
            case StoreConfig.Etcd3 etcd -> {
                readable("etcd3.cacert", etcd.cacert());
                readable("etcd3.cert", etcd.cert());
                readable("etcd3.key", etcd.key());
            }
            case StoreConfig.ZooKeeper zooKeeper when zooKeeper.useSsl() -> {
                readable("zookeeper.cacert", zooKeeper.cacert());
                readable("zookeeper.cert", zooKeeper.cert());
                readable("zookeeper.key", zooKeeper.key());
            }
            case StoreConfig.ZooKeeper _ -> {
            }
            case StoreConfig.Embedded embedded -> {
                if (Files.exists(Path.of(embedded.dataDir())) && !Files.isDirectory(Path.of(embedded.dataDir()))) {
                    problems.error("embedded.data_dir", embedded.dataDir() + " is not a directory");
                }
            }
        }
    }

    private void postgresPrograms(PostgresConfig config) {
        config.binDir().ifPresent(dir -> {
            for (String program : List.of("postgres", "pg_ctl", "initdb")) {
                Path path = Path.of(dir, config.binNames().getOrDefault(program, program));
                if (!Files.isExecutable(path)) {
                    problems.error("postgresql.bin_dir", path + " is no program");
                }
            }
        });
    }

    private void postgres(PostgresConfig config) {
        postgresPrograms(config);
        readable("postgresql.custom_conf", config.customConf());
        Path pgpass = Path.of(config.pgpass());
        if (Files.exists(pgpass) && !Files.isRegularFile(pgpass)) {
            problems.error("postgresql.pgpass", pgpass + " exists and is no file");
        } else if (pgpass.getParent() != null) {
            writableFolder("postgresql.pgpass", pgpass.getParent());
        }
        try {
            dataDirectory(Path.of(config.dataDir()));
        } catch (IOException unreadable) {
            problems.error("postgresql.data_dir", config.dataDir() + " cannot be read: " + unreadable.getMessage());
        }
    }

    private void dataDirectory(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        if (!Files.isDirectory(directory)) {
            problems.error("postgresql.data_dir", directory + " is not a directory");
            return;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            if (entries.findAny().isEmpty()) {
                return;
            }
        }
        Path version = directory.resolve("PG_VERSION");
        if (!Files.isRegularFile(version)) {
            problems.error("postgresql.data_dir", directory + " is not empty and no data directory of PostgreSQL");
            return;
        }
        String text = Files.readString(version).strip();
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < OLDEST_POSTGRESQL) {
            problems.error("postgresql.data_dir", directory + " is of PostgreSQL " + text + "; " + OLDEST_POSTGRESQL
                    + " is the oldest that is supported");
        }
    }

    private void readable(String path, Optional<String> file) {
        file.filter(name -> !Files.isReadable(Path.of(name)) || Files.isDirectory(Path.of(name)))
                .ifPresent(name -> problems.error(path, name + " does not exist or cannot be read"));
    }

    private void writableFolder(String path, Path folder) {
        if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
            problems.error(path, folder + " is no directory that can be written to");
        }
    }

    private void port(String path, HostPort address) {
        String host = HostPorts.isWildcard(address.host()) ? "::" : address.host();
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByName(host), address.port()));
        } catch (UnknownHostException unknown) {
            problems.error(path, address.host() + " is no address of this machine");
        } catch (IOException inUse) {
            problems.warning(path, "cannot listen on " + address + " now: " + inUse.getMessage());
        }
    }
}
