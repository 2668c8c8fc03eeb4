package org.jpatroni.app;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;

/** A configuration to begin with, for this machine: its name and address, PostgreSQL as found, passwords by chance. */
final class SampleConfig {

    private static final String TEMPLATE = "sample.yml";
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");
    private static final int PASSWORD_BYTES = 12;

    private SampleConfig() {
    }

    static String text() throws IOException {
        String text;
        try (InputStream template = SampleConfig.class.getResourceAsStream(TEMPLATE)) {
            if (template == null) {
                throw new IOException(TEMPLATE + " is missing from the program's archive");
            }
            text = new String(template.readAllBytes(), StandardCharsets.UTF_8);
        }
        InetAddress self = self();
        text = text.replace("@name@", self.getHostName()).replace("@address@", self.getHostAddress())
                .replace("@bin_dir@", programs().map(folder -> "bin_dir: " + folder)
                        .orElse("# bin_dir: where initdb and postgres are, unless they are on the PATH"));
        while (text.contains("@password@")) {
            text = text.replaceFirst("@password@", password());
        }
        return text;
    }

    /** Writes a new file that only its owner can read. */
    static void write(Path file) throws IOException {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text(), StandardOpenOption.WRITE);
    }

    private static InetAddress self() {
        try {
            return InetAddress.getLocalHost();
        } catch (UnknownHostException nameless) {
            return InetAddress.getLoopbackAddress();
        }
    }

    /** The newest of Debian's versions. */
    private static Optional<Path> programs() {
        if (!Files.isDirectory(DEBIAN)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(DEBIAN)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                    .max(Comparator.comparingInt(SampleConfig::version));
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    private static int version(Path bin) {
        String name = bin.getName(bin.getNameCount() - 2).toString();
        return name.matches("\\d{1,4}") ? Integer.parseInt(name) : 0;
    }

    private static String password() {
        byte[] bytes = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
