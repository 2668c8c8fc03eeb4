package org.jpatroni.dcs.zookeeper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jpatroni.config.StoreConfig;

/** What can be known to fail before the server starts, said in one line, because the server itself says it in a stack trace. */
final class EmbeddedPreflight {

    private EmbeddedPreflight() {
    }

    static void check(EmbeddedSettings settings) throws EmbeddedStoreException {
        prepareDataDir(settings);
        checkPort(settings.listen().host(), settings.listen().port(), "embedded.listen");
        if (!settings.isAlone()) {
            StoreConfig.EmbeddedMember self = settings.self();
            String host = settings.listensForMembersEverywhere() ? "*" : self.host();
            String setting = "embedded.members." + settings.memberName();
            checkPort(host, self.peerPort(), setting + ", peer port");
            checkPort(host, self.electionPort(), setting + ", election port");
        }
    }

    private static void prepareDataDir(EmbeddedSettings settings) throws EmbeddedStoreException {
        Path dataDir = settings.dataDir();
        try {
            if (!Files.isDirectory(dataDir)) {
                Files.createDirectories(dataDir,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            removeLeftOvers(dataDir);
            Path probe = dataDir.resolve("write-probe");
            try (FileChannel channel = FileChannel.open(probe, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(4096));
                channel.force(true);
            }
            Files.delete(probe);
            checkIdentity(settings, dataDir.resolve("myid"));
        } catch (IOException problem) {
            throw new EmbeddedStoreException("embedded.data_dir: cannot write to " + dataDir + ": " + reason(problem),
                    problem);
        }
    }

    private static void checkIdentity(EmbeddedSettings settings, Path file) throws IOException, EmbeddedStoreException {
        String id = String.valueOf(settings.myId());
        if (Files.exists(file)) {
            String stored = Files.readString(file, StandardCharsets.US_ASCII).strip();
            if (!stored.equals(id)) {
                throw new EmbeddedStoreException(
                        "embedded.data_dir: " + settings.dataDir() + " belongs to member number " + stored
                                + " of the ensemble, but " + settings.memberName() + " is number " + id
                                + " by the order of the names in embedded.members");
            }
            return;
        }
        Files.writeString(file, id + "\n", StandardCharsets.US_ASCII);
    }

    /** Files that ZooKeeper's own embedding leaves with each start; this one makes none, an earlier program may have. */
    private static void removeLeftOvers(Path dataDir) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dataDir, "zookeeper.configuration*.properties")) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void checkPort(String host, int port, String setting) throws EmbeddedStoreException {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(EmbeddedSettings.isAnyAddress(host)
                    ? new InetSocketAddress(port)
                    : new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (IOException | IllegalArgumentException problem) {
            throw new EmbeddedStoreException(
                    setting + ": cannot listen on " + host + ":" + port + ": " + reason(problem), problem);
        }
    }

    private static String reason(Exception problem) {
        String message = problem.getMessage();
        return message == null
                ? problem.getClass().getSimpleName()
                : problem.getClass().getSimpleName() + ": " + message;
    }
}
