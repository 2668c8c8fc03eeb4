package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jpatroni.config.Secret;

/**
 * The password file that PostgreSQL's own programs and its WAL receiver read ({@code postgresql.pgpass}): the only way in which a
 * password reaches them.
 */
public final class PgPass {

    private final Path file;
    private final ConfigurationFiles files;

    /**
     * @param file the setting {@code postgresql.pgpass}
     * @param dataDirectory the setting {@code postgresql.data_dir}
     */
    public PgPass(Path file, Path dataDirectory) {
        this.file = file.toAbsolutePath();
        this.files = new ConfigurationFiles(dataDirectory);
    }

    /** Where it is: the value of {@code PGPASSFILE} and of {@code passfile}. */
    public Path file() {
        return file;
    }

    /**
     * Writes the line, or one line per host, for one user on one server; all other lines are gone.
     *
     * @param host as in the connection string: several are separated by commas; a directory of Unix sockets counts as localhost too
     * @param port one, or one for each host
     */
    public synchronized void write(String host, String port, String user, Secret password) throws IOException {
        Path folder = file.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        files.writeSecret(file, content(host, port, user, password));
    }

    /** Whether the file holds exactly these lines. */
    public synchronized boolean holds(String host, String port, String user, Secret password) {
        try {
            return Files.isRegularFile(file)
                    && Files.readString(file).equals(content(host, port, user, password));
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** What a program needs in its environment to read the file. */
    public Map<String, String> environment() {
        return Map.of("PGPASSFILE", file.toString());
    }

    static String content(String host, String port, String user, Secret password) {
        String[] hosts = (host.isBlank() ? "*" : host).split(",", -1);
        String[] ports = port.split(",", -1);
        Set<String> places = new LinkedHashSet<>();
        for (int i = 0; i < hosts.length; i++) {
            String at = ":" + orAny(ports[Math.min(i, ports.length - 1)].strip());
            if (!hosts[i].isBlank()) {
                places.add(Quoting.passfileField(hosts[i].strip()) + at);
            }
            if (hosts[i].strip().startsWith("/")) {
                // libpq looks for localhost when the socket directory is its built-in one.
                places.add("localhost" + at);
            }
        }
        StringBuilder text = new StringBuilder();
        String rest = ":*:" + orAny(user) + ":" + Quoting.passfileField(password.reveal()) + "\n";
        places.forEach(place -> text.append(place).append(rest));
        return text.toString();
    }

    private static String orAny(String field) {
        return field.isEmpty() ? "*" : Quoting.passfileField(field);
    }
}
