package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jpatroni.runtime.CancelToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Archives the WAL that a crashed server still had to archive. Single user mode and pg_rewind would lose it, and with it what a point in
 * time recovery, or this server itself, may need.
 */
final class WalArchiver {

    private static final Logger LOG = LoggerFactory.getLogger(WalArchiver.class);
    private static final Pattern READY = Pattern.compile("[0-9A-F]{24}(\\.partial)?\\.ready");

    private final ServerParts parts;

    WalArchiver(ServerParts parts) {
        this.parts = parts;
    }

    /** The command that is in effect; empty when nothing is archived. */
    private Optional<String> command() {
        String mode = parts.server().parameter("archive_mode").orElse("off");
        return parts.server().parameter("archive_command")
                .filter(text -> !text.isBlank() && Truth.of(mode));
    }

    /**
     * Archives the segment that ends with the shutdown checkpoint, although it is not full: whoever follows by the archive has all of it then,
     * and can be promoted without a divergence from this server.
     */
    void archiveShutdownCheckpoint(CancelToken cancel) {
        Optional<String> command = command();
        if (command.isEmpty()) {
            LOG.info("Not archiving the WAL of the shutdown checkpoint: archiving is not configured");
            return;
        }
        try {
            ControlFile control = parts.data().control();
            String name = WalRecord.segmentName(control.checkpointTimeline(), control.checkpoint().bytes(),
                    control.walSegmentBytes());
            run(command.get(), name, cancel);
        } catch (IOException failure) {
            LOG.warn("{}", DataDirectory.message(failure));
        }
    }

    /** Runs {@code archive_command} for each segment that is ready; failures are logged and left for the server. */
    void archiveReady(CancelToken cancel) {
        Optional<String> command = command();
        Path status = parts.data().path().resolve("pg_wal/archive_status");
        if (command.isEmpty() || !Files.isDirectory(status)) {
            return;
        }
        for (Path ready : list(status)) {
            String name = ready.getFileName().toString().replaceFirst("\\.ready$", "");
            if (!cancel.isCancelled() && Files.exists(parts.data().path().resolve("pg_wal").resolve(name))) {
                archive(command.get(), name, ready, cancel);
            }
        }
    }

    private boolean run(String command, String name, CancelToken cancel) {
        String filled = fill(command, "pg_wal/" + name, name);
        LOG.info("Trying to archive {}", name);
        Programs.Result result = parts.programs().run(List.of("/bin/sh", "-c",
                "cd \"$0\" && " + filled, parts.data().path().toString()), Map.of(), cancel);
        if (!result.isSuccess()) {
            LOG.warn("Failed to archive WAL segment {}: {}", name, result.complaint());
        }
        return result.isSuccess();
    }

    private void archive(String command, String name, Path ready, CancelToken cancel) {
        if (!run(command, name, cancel)) {
            return;
        }
        try {
            Files.move(ready, ready.resolveSibling(name + ".done"));
        } catch (IOException failure) {
            LOG.warn("{}", DataDirectory.message(failure));
        }
    }

    /** Removes all marks: a segment that is not known to be archived is kept, and pg_rewind may need each of them. */
    void keepSegments() {
        Path status = parts.data().path().resolve("pg_wal/archive_status");
        try (Stream<Path> marks = Files.list(status)) {
            for (Path mark : marks.toList()) {
                Files.deleteIfExists(mark);
            }
        } catch (IOException failure) {
            LOG.warn("{}", DataDirectory.message(failure));
        }
    }

    private static List<Path> list(Path status) {
        try (Stream<Path> marks = Files.list(status)) {
            return marks.filter(mark -> READY.matcher(mark.getFileName().toString()).matches()).sorted().toList();
        } catch (IOException failure) {
            LOG.warn("{}", DataDirectory.message(failure));
            return List.of();
        }
    }

    /** PostgreSQL's placeholders: path, file name, and the percent sign itself. */
    static String fill(String command, String path, String file) {
        StringBuilder filled = new StringBuilder();
        int i = 0;
        while (i < command.length()) {
            String place = command.substring(i, Math.min(i + 2, command.length()));
            String value = switch (place) {
                case "%p" -> path;
                case "%f" -> file;
                case "%%" -> "%";
                default -> "";
            };
            filled.append(value.isEmpty() ? command.substring(i, i + 1) : value);
            i += value.isEmpty() ? 1 : 2;
        }
        return filled.toString();
    }
}
