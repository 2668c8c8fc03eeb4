package org.jpatroni.app;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;

/** Where log lines go. Called by one thread at a time; never throws, because a full disk must not stop the agent. */
interface LogSink {

    /** Writes the line and flushes. */
    void write(String line);

    void close();

    /** The standard error stream of the process, which stays open. */
    static LogSink stderr() {
        return new Stream(System.err);
    }

    /** A stream that somebody else owns. */
    record Stream(PrintStream stream) implements LogSink {

        @Override
        public void write(String line) {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            stream.write(bytes, 0, bytes.length);
            stream.flush();
        }

        @Override
        public void close() {
            stream.flush();
        }
    }

    /**
     * The file {@code patroni.log} in a folder, which becomes {@code patroni.log.1} and so on when it is full, as Python's
     * RotatingFileHandler names them.
     */
    final class RotatingFile implements LogSink {

        private final Path file;
        private final long fileSizeBytes;
        private final int fileNum;
        private final OptionalInt mode;
        private FileChannel channel;
        private long written;

        /**
         * Opens the file for appending.
         *
         * @param fileSizeBytes 0: never rotated
         * @param fileNum how many old files are kept; 0: never rotated
         * @throws IOException when the folder does not exist or cannot be written to
         */
        RotatingFile(Path folder, long fileSizeBytes, int fileNum, OptionalInt mode) throws IOException {
            this.file = folder.resolve("patroni.log");
            this.fileSizeBytes = fileSizeBytes;
            this.fileNum = fileNum;
            this.mode = mode;
            this.channel = open();
            this.written = channel.size();
        }

        @Override
        public void write(String line) {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            try {
                if (!channel.isOpen()) {
                    channel = open();
                }
                if (fileSizeBytes > 0 && fileNum > 0 && written > 0 && written + bytes.length >= fileSizeBytes) {
                    rotate();
                }
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                while (buffer.hasRemaining()) {
                    written += channel.write(buffer);
                }
            } catch (IOException lost) {
                System.err.println(line);
                System.err.println("cannot write to " + file + ": " + lost.getMessage());
            }
        }

        private void rotate() throws IOException {
            channel.close();
            try {
                for (int i = fileNum - 1; i >= 1; i--) {
                    move(numbered(i), numbered(i + 1));
                }
                move(file, numbered(1));
            } finally {
                channel = open();
                written = channel.size();
            }
        }

        private static void move(Path from, Path to) throws IOException {
            if (Files.exists(from)) {
                Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
            }
        }

        private Path numbered(int number) {
            return file.resolveSibling("patroni.log." + number);
        }

        private FileChannel open() throws IOException {
            FileChannel opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.APPEND);
            if (mode.isPresent()) {
                Files.setPosixFilePermissions(file, permissions(mode.getAsInt()));
            }
            return opened;
        }

        private static Set<PosixFilePermission> permissions(int mode) {
            Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
            PosixFilePermission[] fromTheTop = PosixFilePermission.values();
            for (int i = 0; i < fromTheTop.length; i++) {
                if ((mode >> (fromTheTop.length - 1 - i) & 1) == 1) {
                    permissions.add(fromTheTop[i]);
                }
            }
            return permissions;
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException failed) {
                System.err.println("cannot close " + file + ": " + failed.getMessage());
            }
        }
    }
}
