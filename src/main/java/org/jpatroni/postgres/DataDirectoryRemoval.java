package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Moving a data directory away and deleting it, together with WAL and tablespaces that live elsewhere behind symbolic links. */
final class DataDirectoryRemoval {

    private static final Logger LOG = LoggerFactory.getLogger(DataDirectoryRemoval.class);
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final Path path;
    private final Time time;

    DataDirectoryRemoval(Path path, Time time) {
        this.path = path;
        this.time = time;
    }

    Optional<Path> moveAway() throws IOException {
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        String suffix = suffix();
        for (Path link : outsideLinks()) {
            Path target = link.toRealPath();
            Path renamed = target.resolveSibling(target.getFileName() + suffix);
            LOG.info("Renaming {} to {}", target, renamed);
            Files.move(target, renamed);
            Files.delete(link);
            Files.createSymbolicLink(link, renamed);
        }
        Path renamed = path.resolveSibling(path.getFileName() + suffix);
        LOG.info("Renaming data directory {} to {}", path, renamed);
        Files.move(path, renamed);
        return Optional.of(renamed);
    }

    /** A time, and a number where that second is taken already. */
    private String suffix() {
        String stamp = ".failed." + STAMP.format(time.wall());
        String suffix = stamp;
        for (int number = 2; Files.exists(path.resolveSibling(path.getFileName() + suffix)); number++) {
            suffix = stamp + "-" + number;
        }
        return suffix;
    }

    void remove() throws IOException {
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            Files.delete(path);
            return;
        }
        if (!Files.exists(path)) {
            return;
        }
        LOG.info("Removing data directory: {}", path);
        for (Path link : outsideLinks()) {
            LOG.info("Removing {}", link.toRealPath());
            deleteTree(link.toRealPath());
        }
        deleteTree(path.toRealPath());
    }

    /** The links in a data directory that lead to data outside of it: WAL and tablespaces. */
    private List<Path> outsideLinks() throws IOException {
        List<Path> links = new ArrayList<>();
        Path wal = path.resolve("pg_wal");
        if (Files.isSymbolicLink(wal) && Files.exists(wal)) {
            links.add(wal);
        }
        Path tablespaces = path.resolve("pg_tblspc");
        if (Files.isDirectory(tablespaces)) {
            try (Stream<Path> entries = Files.list(tablespaces)) {
                entries.filter(entry -> Files.isSymbolicLink(entry) && Files.exists(entry)).sorted()
                        .forEach(links::add);
            }
        }
        return links;
    }

    private static void deleteTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                if (!directory.equals(root)) {
                    Files.deleteIfExists(directory);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        try {
            Files.deleteIfExists(root);
        } catch (IOException mountPoint) {
            // A mount point can only be emptied.
            LOG.info("{} is empty now but cannot be removed itself: {}", root, mountPoint.toString());
        }
    }
}
