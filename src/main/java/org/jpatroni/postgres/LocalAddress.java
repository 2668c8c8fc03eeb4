package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.PostgresConfig;

/**
 * How this node's own server is reached. Sockets are looked for where the configuration says, then where the running postmaster says,
 * then where PostgreSQL's packages put them; a socket that is wanted but cannot be found means TCP.
 */
final class LocalAddress {

    /** Debian's and the built-in place. */
    private static final List<Path> USUAL_FOLDERS = List.of(Path.of("/var/run/postgresql"), Path.of("/tmp"));

    private static final int SOCKET_FOLDER_LINE = 4;

    private LocalAddress() {
    }

    /** The folder of the Unix socket. */
    static Optional<Path> socketDirectory(Map<String, String> parameters, Path dataDirectory, String port) {
        String configured = parameters.get("unix_socket_directories");
        if (configured != null) {
            for (String folder : configured.split(",", -1)) {
                String plain = folder.strip().replaceAll("^\"|\"$", "");
                // Relative folders are relative to the data directory of the server: no client can name them.
                if (plain.startsWith("/")) {
                    return Optional.of(Path.of(plain));
                }
            }
            return Optional.empty();
        }
        Optional<Path> told = fromPidFile(dataDirectory);
        if (told.isPresent()) {
            return told;
        }
        return USUAL_FOLDERS.stream().filter(folder -> Files.exists(folder.resolve(".s.PGSQL." + port))).findFirst();
    }

    /** The host by which the agent, and whoever else is on this machine, reaches the server: a folder of sockets, or a name. */
    static String ofServer(PostgresConfig config, Map<String, String> parameters) {
        String port = Integer.toString(config.listenPort());
        Optional<Path> folder = config.useUnixSocket()
                ? socketDirectory(parameters, Path.of(config.dataDir()), port)
                : Optional.empty();
        return folder.map(Path::toString).orElseGet(() -> tcpHost(config.listenHosts()));
    }

    private static Optional<Path> fromPidFile(Path dataDirectory) {
        try {
            List<String> lines = Files.readAllLines(dataDirectory.resolve("postmaster.pid"));
            return lines.size() > SOCKET_FOLDER_LINE && lines.get(SOCKET_FOLDER_LINE).startsWith("/")
                    ? Optional.of(Path.of(lines.get(SOCKET_FOLDER_LINE)))
                    : Optional.empty();
        } catch (IOException noPostmaster) {
            return Optional.empty();
        }
    }

    /** The address for TCP: localhost when the server listens there, else the first address it listens on. */
    static String tcpHost(String listenAddresses) {
        String[] addresses = listenAddresses.split(",", -1);
        for (String address : addresses) {
            switch (address.strip().toLowerCase(Locale.ROOT)) {
                case "*", "localhost", "0.0.0.0", "127.0.0.1" -> {
                    return "localhost";
                }
                default -> {
                }
            }
        }
        return addresses[0].strip();
    }
}
