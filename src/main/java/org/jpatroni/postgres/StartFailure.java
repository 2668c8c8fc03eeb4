package org.jpatroni.postgres;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.CancelToken;

/**
 * Why a postmaster ended during its start. Its own words went to the agent's output or to a log file, so the usual causes are looked for
 * one by one, to name the file or setting in one line.
 */
final class StartFailure {

    private static final long LITTLE_SPACE_BYTES = 1L << 20;
    private static final Pattern MESSAGE = Pattern.compile("(?:LOG|FATAL|ERROR):\\s+(.*)");
    private static final int COMPLAINTS_SHOWN = 4;

    private StartFailure() {
    }

    /** Adds the cause to a failed start; other outcomes stay as they are. */
    static Outcome explain(ServerParts parts, Outcome outcome) {
        if (!(outcome instanceof Outcome.Failed failed)) {
            return outcome;
        }
        return Outcome.failed(failed.reason() + ": " + configuration(parts).or(() -> fullDisk(parts))
                .or(() -> usedPort(parts)).orElse("see the log of PostgreSQL"));
    }

    /** Has PostgreSQL read the same configuration and stop before it starts anything. */
    private static Optional<String> configuration(ServerParts parts) {
        List<String> command = new ArrayList<>(List.of(parts.programs().path("postgres"), "-D",
                parts.data().path().toString(), "-C", "data_directory"));
        command.addAll(parts.startOptions());
        Programs.Result result = parts.programs().capture(command, Map.of(), new CancelToken());
        if (result.isSuccess()) {
            return Optional.empty();
        }
        // What is wrong comes line by line before the last word that something is.
        List<String> complaints = result.err().lines().map(MESSAGE::matcher).filter(Matcher::find)
                .map(message -> message.group(1)).limit(COMPLAINTS_SHOWN).toList();
        return Optional.of(complaints.isEmpty() ? result.complaint() : String.join("; ", complaints));
    }

    private static Optional<String> fullDisk(ServerParts parts) {
        try {
            for (var folder : List.of(parts.data().path(), parts.data().path().resolve("pg_wal").toRealPath())) {
                if (Files.getFileStore(folder).getUsableSpace() < LITTLE_SPACE_BYTES) {
                    return Optional.of("the disk of " + folder + " is full");
                }
            }
            return Optional.empty();
        } catch (IOException unreadable) {
            return Optional.of(DataDirectory.message(unreadable));
        }
    }

    private static Optional<String> usedPort(ServerParts parts) {
        int port = parts.config().listenPort();
        for (String host : parts.config().listenHosts().split(",", -1)) {
            String name = host.strip();
            boolean everywhere = name.isEmpty() || name.equals("*");
            try (ServerSocket trial = new ServerSocket()) {
                // The same option that PostgreSQL sets: connections that are being closed do not count.
                trial.setReuseAddress(true);
                trial.bind(everywhere
                        ? new InetSocketAddress(port)
                        : new InetSocketAddress(InetAddress.getByName(name), port));
            } catch (IOException refused) {
                return Optional.of("cannot listen on " + (everywhere ? "*" : name) + ":" + port
                        + " (postgresql.listen): " + refused.getMessage());
            }
        }
        return Optional.empty();
    }
}
