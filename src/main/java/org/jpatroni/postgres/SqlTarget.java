package org.jpatroni.postgres;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;

/**
 * A server, and as whom to speak to it.
 *
 * @param socketDirectory folder of its Unix socket; empty: TCP
 * @param host for TCP; several are separated by commas and tried in order
 * @param port one, or as many as there are hosts
 * @param user empty means the name of the operating system's user
 * @param libpqOptions further settings with libpq's names, such as {@code sslmode}
 * @param replication whether replication commands are wanted instead of SQL
 */
public record SqlTarget(Optional<Path> socketDirectory, String host, String port, String database, String user,
        Optional<Secret> password, Map<String, String> libpqOptions, boolean replication) {

    public SqlTarget {
        libpqOptions = Collections.unmodifiableSortedMap(new TreeMap<>(libpqOptions));
    }

    /** Over TCP. */
    public static SqlTarget tcp(String host, String port, String database, Authentication as) {
        return new SqlTarget(Optional.empty(), host, port, database, as.username(), as.password(),
                as.libpqOptions(), false);
    }

    /** Over a Unix socket. */
    public static SqlTarget unix(Path socketDirectory, String port, String database, Authentication as) {
        return new SqlTarget(Optional.of(socketDirectory), "localhost", port, database, as.username(),
                as.password(), as.libpqOptions(), false);
    }

    /** The same server and user, for replication commands. */
    public SqlTarget forReplication() {
        return new SqlTarget(socketDirectory, host, port, database, user, password, libpqOptions, true);
    }

    /** The same server and user, another database. */
    SqlTarget in(String otherDatabase) {
        return new SqlTarget(socketDirectory, host, port, otherDatabase, user, password, libpqOptions, replication);
    }

    /** Of several hosts the one that is a primary. A single one is taken as it is. */
    public SqlTarget primaryAmongHosts() {
        if (!host.contains(",")) {
            return this;
        }
        Map<String, String> demanding = new TreeMap<>(libpqOptions);
        demanding.put("target_session_attrs", "read-write");
        return new SqlTarget(socketDirectory, host, port, database, user, password, demanding, replication);
    }

    /** Its hosts one by one. */
    List<SqlTarget> eachHost() {
        String[] hosts = host.split(",", -1);
        String[] ports = port.split(",", -1);
        return IntStream.range(0, hosts.length)
                .mapToObj(i -> at(hosts[i].strip(), ports[Math.min(i, ports.length - 1)].strip())).toList();
    }

    /** The same elsewhere. */
    SqlTarget at(String otherHost, String otherPort) {
        return new SqlTarget(socketDirectory, otherHost, otherPort, database, user, password, libpqOptions,
                replication);
    }

    /** What libpq calls host: the folder of the socket, or the host. */
    public String libpqHost() {
        return socketDirectory.map(Path::toString).orElse(host);
    }

    /** Where it goes, for messages. */
    public String place() {
        return socketDirectory.map(folder -> folder + "/.s.PGSQL." + port).orElse(host + ":" + port);
    }
}
