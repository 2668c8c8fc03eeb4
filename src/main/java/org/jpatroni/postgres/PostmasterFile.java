package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The file {@code postmaster.pid}: who claims to run on a data directory, and how far it has come.
 *
 * @param pid negative for a single user server
 * @param startEpochSeconds when it was started
 * @param socketDirectory first directory of its Unix sockets, when it has one
 * @param status the postmaster's own word
 */
record PostmasterFile(long pid, long startEpochSeconds, Optional<Integer> port, Optional<String> socketDirectory,
        Optional<String> listenAddress, Status status) {

    static final String NAME = "postmaster.pid";

    /** The last line of the file, written by the postmaster since PostgreSQL 10. */
    enum Status {
        /** Not written yet. */
        UNKNOWN,
        /** Not ready for sessions. */
        STARTING,
        /** Shutting down: no new sessions. */
        STOPPING,
        /** Accepts sessions and writes. */
        READY,
        /** Accepts sessions that read, during recovery. */
        STANDBY;

        boolean acceptsSessions() {
            return this == READY || this == STANDBY;
        }

        private static Status of(String line) {
            return switch (line.trim()) {
                case "starting" -> STARTING;
                case "stopping" -> STOPPING;
                case "ready" -> READY;
                case "standby" -> STANDBY;
                default -> UNKNOWN;
            };
        }
    }

    boolean isSingleUser() {
        return pid < 0;
    }

    /** Empty when there is no such file, or it is still being written. */
    static Optional<PostmasterFile> read(Path dataDirectory) {
        try {
            return parse(Files.readAllLines(dataDirectory.resolve(NAME), StandardCharsets.ISO_8859_1));
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    /** The kernel's number of the shared memory that this or a former postmaster has named in the file. */
    static OptionalLong sharedMemoryId(Path dataDirectory) {
        try {
            List<String> lines = Files.readAllLines(dataDirectory.resolve(NAME), StandardCharsets.ISO_8859_1);
            String[] keyAndId = line(lines, 6).orElse("").split(" +", -1);
            return keyAndId.length == 2 ? OptionalLong.of(Long.parseLong(keyAndId[1])) : OptionalLong.empty();
        } catch (IOException | NumberFormatException unknown) {
            return OptionalLong.empty();
        }
    }

    static Optional<PostmasterFile> parse(List<String> lines) {
        try {
            if (lines.isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new PostmasterFile(Long.parseLong(lines.get(0).trim()),
                    line(lines, 2).map(Long::parseLong).orElse(0L), line(lines, 3).map(Integer::parseInt),
                    line(lines, 4), line(lines, 5), line(lines, 7).map(Status::of).orElse(Status.UNKNOWN)));
        } catch (NumberFormatException malformed) {
            return Optional.empty();
        }
    }

    private static Optional<String> line(List<String> lines, int index) {
        return index < lines.size() && !lines.get(index).isBlank()
                ? Optional.of(lines.get(index).trim())
                : Optional.empty();
    }
}
