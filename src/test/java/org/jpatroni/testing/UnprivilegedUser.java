package org.jpatroni.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The user as which tests start PostgreSQL and daemons, because PostgreSQL refuses root.
 *
 * <p>In {@code mvn verify} the integration tests' JVM is never root (see {@code scripts/test-jvm}), and everything here is then the
 * current user, with an empty prefix. It matters where a test runs as root all the same, for instance from an IDE in a container.
 */
public final class UnprivilegedUser {

    private static final List<String> NAMES = List.of("postgres", "nobody");
    private static final @Nullable String OTHER_USER = isRoot() ? firstKnown() : null;

    private UnprivilegedUser() {
    }

    /** A command line that runs the given one as the unprivileged user, under the same process id. */
    public static List<String> command(List<String> command) {
        List<String> whole = new ArrayList<>(commandPrefix());
        whole.addAll(command);
        return whole;
    }

    /** What to put before a command; empty when this JVM is not root. */
    public static List<String> commandPrefix() {
        if (OTHER_USER == null) {
            return List.of();
        }
        return List.of("setpriv", "--reuid=" + OTHER_USER, "--regid=" + groupOf(OTHER_USER), "--clear-groups");
    }

    /**
     * A new folder of the unprivileged user, for nobody else. Its path is short (about 30 characters below the temporary folder),
     * because a Unix socket's path may have 107 bytes only. The caller removes it with {@link #delete}.
     */
    public static Path newFolder(String prefix) {
        try {
            Path folder = Files.createTempDirectory("jp-" + prefix + "-",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            own(folder);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives a file or folder with all that it holds to the unprivileged user. */
    public static void own(Path path) throws IOException {
        if (OTHER_USER == null) {
            return;
        }
        UserPrincipalLookupService users = FileSystems.getDefault().getUserPrincipalLookupService();
        try (Stream<Path> walk = Files.walk(path)) {
            for (Path each : walk.toList()) {
                PosixFileAttributeView view = Files.getFileAttributeView(each, PosixFileAttributeView.class);
                view.setOwner(users.lookupPrincipalByName(OTHER_USER));
            }
        }
    }

    /** Removes a folder with all that it holds; what is gone already does not matter. */
    public static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path each : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException | UncheckedIOException e) {
            throw new IllegalStateException(
                    "cannot remove " + folder + ": is a process of the test still running in it?", e);
        }
    }

    private static boolean isRoot() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static String firstKnown() {
        return NAMES.stream().filter(UnprivilegedUser::isKnown).findFirst()
                .orElseThrow(() -> new IllegalStateException("tests run as root need one of the users " + NAMES));
    }

    private static boolean isKnown(String name) {
        try {
            FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(name);
            return true;
        } catch (UserPrincipalNotFoundException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String groupOf(String user) {
        return user.equals("nobody") ? "nogroup" : user;
    }
}
