package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.runtime.Time;

/**
 * The data directory as a directory: what is in it, and whether it can be used. A copy that is under way is marked beside it, so that what
 * an interrupted copy left is known for what it is.
 */
final class DataDirectory {

    private static final String VERSION_FILE = "PG_VERSION";

    private final Path path;
    private final DataDirectoryRemoval removal;

    /**
     * @param path absolute
     */
    DataDirectory(Path path, Time time) {
        this.path = path;
        this.removal = new DataDirectoryRemoval(path, time);
    }

    Path path() {
        return path;
    }

    /**
     * What the directory is.
     *
     * @param serverMajorVersion of the installed programs; 0 when not known
     */
    Data look(IntSupplier serverMajorVersion) {
        try {
            if (isUnfinishedCopy()) {
                return new Data.Empty();
            }
            if (isEmpty()) {
                return new Data.Empty();
            }
            Optional<Integer> major = majorVersion();
            if (major.isEmpty()) {
                return new Data.Unusable(path + " is not empty and has no " + VERSION_FILE
                        + ": not a data directory of PostgreSQL, or a copy that was not finished (postgresql.data_dir)");
            }
            int installed = serverMajorVersion.getAsInt();
            if (installed != 0 && installed != major.get()) {
                return new Data.Unusable(path + " was made by PostgreSQL " + major.get()
                        + ", but the program postgres is of version " + installed + " (postgresql.bin_dir)");
            }
            return new Data.Present(ControlFile.read(path).toModel(), hasStandbySignal(), major.get());
        } catch (IOException unreadable) {
            return new Data.Unusable(message(unreadable));
        }
    }

    /** Missing, or nothing in it that counts: mount points have {@code lost+found}, and hidden files do not matter to initdb's callers. */
    boolean isEmpty() throws IOException {
        if (!Files.exists(path)) {
            return true;
        }
        if (!Files.isDirectory(path)) {
            throw new IOException(path + " is not a directory (postgresql.data_dir)");
        }
        try (Stream<Path> entries = Files.list(path)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .allMatch(name -> name.startsWith(".") || name.equals("lost+found"));
        }
    }

    Optional<Integer> majorVersion() throws IOException {
        Path file = path.resolve(VERSION_FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String text = Files.readString(file).strip();
        try {
            return Optional.of(Integer.parseInt(text));
        } catch (NumberFormatException malformed) {
            throw new IOException(file + " holds \"" + text + "\": only PostgreSQL 13 and later can be managed");
        }
    }

    boolean hasStandbySignal() {
        return Files.exists(path.resolve("standby.signal")) || Files.exists(path.resolve("recovery.signal"));
    }

    /** A primary that does not run was one; until it is started nobody knows what becomes of it. */
    PostgresRole stoppedRole() {
        return switch (look(() -> 0)) {
            case Data.Present present -> present.standbySignal() ? PostgresRole.REPLICA : PostgresRole.DEMOTED;
            case Data.Empty _,Data.Unusable _ -> PostgresRole.UNINITIALIZED;
        };
    }

    /** Data restored from a backup: the first start must read this file, so a single user recovery would spoil it. */
    boolean hasBackupLabel() {
        return Files.exists(path.resolve("backup_label"));
    }

    /** The latest timeline of which there is a history file; 0 when there is none, the largest number when nobody can tell. */
    int latestHistory() {
        int latest = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path.resolve("pg_wal"), "????????.history")) {
            for (Path file : files) {
                latest = Math.max(latest, Integer.parseUnsignedInt(file.getFileName().toString(), 0, 8, 16));
            }
            return latest;
        } catch (IOException | DirectoryIteratorException | NumberFormatException unreadable) {
            return Integer.MAX_VALUE;
        }
    }

    ControlFile control() throws IOException {
        return ControlFile.read(path);
    }

    /** Notes beside the directory that what is in it is not whole: a copy that is not finished, or one that is being deleted. */
    void markCopyBegun() {
        try {
            Files.writeString(copyMark(),
                    "Copying or deleting " + path + " was begun and not finished: what is there is not whole.\n");
        } catch (IOException unwritable) {
            // Without the mark an interrupted copy is reported as unusable instead of being replaced: safe, only less convenient.
            return;
        }
    }

    void markCopyDone() throws IOException {
        Files.deleteIfExists(copyMark());
    }

    boolean isUnfinishedCopy() {
        return Files.exists(copyMark());
    }

    private Path copyMark() {
        return path.resolveSibling(path.getFileName() + ".unfinished-copy");
    }

    /**
     * Gives the directory, and what its links point to, another name with the time in it.
     *
     * @return the new name; empty when there was nothing
     */
    Optional<Path> moveAway() throws IOException {
        return removal.moveAway();
    }

    /** Deletes the directory with everything that its links for WAL and tablespaces point to. Whoever finds the half of it knows what it is. */
    void remove() throws IOException {
        markCopyBegun();
        removal.remove();
        markCopyDone();
    }

    /**
     * Makes room for a copy or a new cluster: what an interrupted copy left is moved away, anything else stays and is refused.
     *
     * @throws IOException when there is data that is not ours
     */
    void requireRoom() throws IOException {
        if (isEmpty()) {
            return;
        }
        if (!isUnfinishedCopy()) {
            throw new IOException(path + " is not empty (postgresql.data_dir)");
        }
        moveAway();
    }

    static List<String> signalFiles() {
        return List.of("standby.signal", "recovery.signal");
    }

    /** One clear line from an exception of the file system. */
    static String message(IOException problem) {
        if (problem instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied for the user that runs JPatroni";
        }
        if (problem instanceof FileSystemException failed) {
            String reason = failed.getReason() == null
                    ? failed.getClass().getSimpleName()
                            .replace("NoSuchFileException", "no such file").replace("FileSystemException", "failed")
                    : failed.getReason();
            return failed.getFile() + ": " + reason;
        }
        return String.valueOf(problem.getMessage());
    }
}
