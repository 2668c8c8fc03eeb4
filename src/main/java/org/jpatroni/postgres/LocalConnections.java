package org.jpatroni.postgres;

import java.nio.file.Path;
import java.util.Optional;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.runtime.Tasks;

/** How the agent reaches the local server, and sessions to it. */
public final class LocalConnections {

    private final PostgresConfig config;
    private final ServerSettings settings;
    private final Tasks tasks;

    public LocalConnections(PostgresConfig config, ServerSettings settings, Tasks tasks) {
        this.config = config;
        this.settings = settings;
        this.tasks = tasks;
    }

    /**
     * A session as the superuser. Nothing is connected yet.
     *
     * @param purpose one word for {@code pg_stat_activity}, such as {@code heartbeat}
     */
    public SqlSession open(String purpose) {
        return new SqlSession("Patroni " + purpose, this::superuser, tasks);
    }

    /** The same in another database of the local server. */
    SqlSession openIn(String database, String purpose) {
        return new SqlSession("Patroni " + purpose, () -> superuser().in(database), tasks);
    }

    /** A session for replication commands as the replication user. */
    public SqlSession openReplication(String purpose) {
        return new SqlSession("Patroni " + purpose, () -> replication().forReplication(), tasks);
    }

    /** A session to another server, for instance a new primary. */
    public SqlSession openRemote(String purpose, String host, String port, String database, Authentication as) {
        SqlTarget target = SqlTarget.tcp(host, port, database, as);
        return new SqlSession("Patroni " + purpose, () -> target, tasks);
    }

    /** Where the agent itself connects: over the Unix socket when {@code use_unix_socket} says so. */
    public SqlTarget superuser() {
        return local(config.useUnixSocket(), config.superuser());
    }

    /** Where replication programs connect to the local server: {@code use_unix_socket_repl}. */
    public SqlTarget replication() {
        return local(config.useUnixSocketRepl(), config.replication());
    }

    private SqlTarget local(boolean unix, Authentication as) {
        String port = Integer.toString(config.listenPort());
        Optional<Path> folder = unix
                ? LocalAddress.socketDirectory(settings.parameters(), Path.of(config.dataDir()), port)
                : Optional.empty();
        return folder.map(socket -> SqlTarget.unix(socket, port, config.database(), as))
                .orElseGet(
                        () -> SqlTarget.tcp(LocalAddress.tcpHost(config.listenHosts()), port, config.database(), as));
    }
}
