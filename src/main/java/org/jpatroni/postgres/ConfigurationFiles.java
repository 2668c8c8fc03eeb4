package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;

/**
 * Writes files that PostgreSQL may read at the same moment: the text goes to a temporary file beside the target, is synced, and takes
 * the target's name, so that a reader sees the old or the new text and a full disk leaves the old one.
 */
final class ConfigurationFiles {

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> GROUP_READABLE = PosixFilePermissions.fromString("rw-r-----");
    private static final Set<PosixFilePermission> WORLD_READABLE = PosixFilePermissions.fromString("rw-r--r--");

    private final Path dataDirectory;

    ConfigurationFiles(Path dataDirectory) {
        this.dataDirectory = dataDirectory.toAbsolutePath().normalize();
    }

    Path dataDirectory() {
        return dataDirectory;
    }

    /**
     * Replaces a file's text. Inside the data directory it gets the permissions that PostgreSQL gives its files (readable to the group
     * when the directory is), elsewhere the usual ones.
     *
     * @return whether the text was another than before
     */
    boolean write(Path file, String text) throws IOException {
        return write(file, text, permissionsFor(file), true);
    }

    /** The same for a file that is written anew before it is needed after a power failure: nobody waits for the disk. */
    boolean writeUnsynced(Path file, String text) throws IOException {
        return write(file, text, permissionsFor(file), false);
    }

    /** Replaces a file that holds secrets: readable to the owner only. */
    boolean writeSecret(Path file, String text) throws IOException {
        return write(file, text, OWNER_ONLY, true);
    }

    private static boolean write(Path target, String text, Set<PosixFilePermission> permissions, boolean sync)
            throws IOException {
        // A configuration file may be a symbolic link into /etc: keep the link, replace what it points to.
        Path file = Files.isSymbolicLink(target) && Files.exists(target) ? target.toRealPath() : target;
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (Files.isRegularFile(file) && Files.size(file) == bytes.length
                && Arrays.equals(Files.readAllBytes(file), bytes)
                && permissions.equals(Files.getPosixFilePermissions(file))) {
            return false;
        }
        try {
            replace(file, bytes, permissions, sync);
        } catch (IOException failure) {
            throw new IOException("cannot write " + target + ": " + failure.getMessage(), failure);
        }
        return true;
    }

    private static void replace(Path file, byte[] bytes, Set<PosixFilePermission> permissions, boolean sync)
            throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Path temporary = Files.createTempFile(folder, "." + file.getFileName(), ".tmp",
                PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                if (sync) {
                    channel.force(true);
                }
            }
            Files.setPosixFilePermissions(temporary, permissions);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** The permissions that a file at this place shall have. */
    Set<PosixFilePermission> permissionsFor(Path file) throws IOException {
        if (!file.toAbsolutePath().normalize().startsWith(dataDirectory)) {
            return WORLD_READABLE;
        }
        boolean groupReadable = Files.isDirectory(dataDirectory)
                && Files.getPosixFilePermissions(dataDirectory).contains(PosixFilePermission.GROUP_READ);
        return groupReadable ? GROUP_READABLE : OWNER_ONLY;
    }
}
