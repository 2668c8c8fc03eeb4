package org.jpatroni.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * The file {@code patroni.dynamic.json} in the data directory: the last dynamic configuration this node has seen, so that a cluster
 * whose store was wiped comes back with its settings.
 */
public final class DynamicConfigCache {

    public static final String FILE_NAME = "patroni.dynamic.json";

    private final Path directory;
    private final Path file;

    public DynamicConfigCache(Path dataDirectory) {
        this.directory = dataDirectory;
        this.file = dataDirectory.resolve(FILE_NAME);
    }

    /** The stored JSON object; empty when there is none or it cannot be read. */
    public Optional<String> load() {
        try {
            String json = Files.readString(file);
            JsonTree.readObject(json);
            return Optional.of(json);
        } catch (IOException | ConfigException unusable) {
            return Optional.empty();
        }
    }

    /**
     * Writes the text if the file does not hold it already. A reader sees the old text or the new one, also after a power failure.
     *
     * @return false when there is no data directory yet, or it is empty: initdb and pg_basebackup want it empty
     * @throws IOException when it cannot be written; the old file is then as it was
     */
    public boolean save(String json) throws IOException {
        if (!Files.isRegularFile(directory.resolve("PG_VERSION"))) {
            return false;
        }
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        if (holds(bytes)) {
            return true;
        }
        Path temporary = Files.createTempFile(directory, FILE_NAME, "");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.setPosixFilePermissions(temporary, permissions());
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel folder = FileChannel.open(directory, StandardOpenOption.READ)) {
                folder.force(true);
            }
            return true;
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private boolean holds(byte[] bytes) throws IOException {
        try {
            return Files.size(file) == bytes.length && java.util.Arrays.equals(Files.readAllBytes(file), bytes);
        } catch (NoSuchFileException absent) {
            return false;
        }
    }

    /** As PostgreSQL's own files: the group may read them if it may enter the data directory. */
    private Set<PosixFilePermission> permissions() throws IOException {
        boolean groupMayEnter = Files.getPosixFilePermissions(directory).contains(PosixFilePermission.GROUP_EXECUTE);
        return PosixFilePermissions.fromString(groupMayEnter ? "rw-r-----" : "rw-------");
    }
}
