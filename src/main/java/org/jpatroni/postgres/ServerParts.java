package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.config.PostgresSettingsMerger;
import org.jpatroni.model.ConnectionTarget;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Upstream;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;

/**
 * What the procedures on one local server share: configuration as it is now, programs, files and sessions. Built anew when the local
 * configuration changes, so that nobody works with half of an old one.
 *
 * @param session for the verbs, as superuser
 * @param heartbeat the HA loop's own question, on a session of its own
 * @param statusQuery the API's question, on a session of its own
 * @param slots replication slots
 */
record ServerParts(NodeConfig node, DynamicConfig dynamic, Tasks tasks, Programs programs, DataDirectory data,
        Postmasters postmasters, ServerStatus status, InstalledVersion version, PgPass pgPass, ServerSettings server,
        RecoverySettings recovery, LocalConnections connections, List<SqlSession> sessions, SqlSession session,
        ReplicationQuery heartbeat,
        ReplayTimeline replayTimeline, StatusQuery statusQuery, SlotWork slots) {

    /** Parts for a configuration. */
    static ServerParts of(NodeConfig node, DynamicConfig dynamic, Tasks tasks, Programs programs, DataDirectory data,
            Postmasters postmasters, ServerStatus status, InstalledVersion version) {
        PostgresConfig postgres = node.postgres();
        PostgresSettings settings = PostgresSettingsMerger.merge(node, dynamic, status.role());
        PgPass pgPass = new PgPass(Path.of(postgres.pgpass()), data.path());
        RecoverySettings recovery = new RecoverySettings(postgres, settings, node.name(), pgPass, version::major);
        recovery.want(settings, dynamic.standbyCluster());
        ServerSettings server = new ServerSettings(postgres, settings, node.scope(), recovery,
                new ProgramProbe(programs, data.path()));
        if (node.citus().isPresent()) {
            server.joinCitus();
        }
        LocalConnections connections = new LocalConnections(postgres, server, tasks);
        SqlSession work = connections.open("work");
        SqlSession heartbeat = connections.open("heartbeat");
        SqlSession restapi = connections.open("restapi");
        SqlSession replication = connections.openReplication("timeline");
        ReplayTimeline replayTimeline = new ReplayTimeline(replication, data::latestHistory);
        SqlSession slots = connections.open("slots");
        SlotWork slotWork = new SlotWork(slots, connections, postgres, tasks);
        return new ServerParts(node, dynamic, tasks, programs, data, postmasters, status, version, pgPass, server,
                recovery, connections, List.of(work, heartbeat, restapi, replication, slots), work,
                new ReplicationQuery(heartbeat, replayTimeline, slotWork.notes()), replayTimeline,
                new StatusQuery(restapi, replayTimeline, tasks.time()), slotWork);
    }

    ServerParts with(DynamicConfig changed) {
        return new ServerParts(node, changed, tasks, programs, data, postmasters, status, version, pgPass, server,
                recovery, connections, sessions, session, heartbeat, replayTimeline, statusQuery, slots);
    }

    /** Connections of a server that is gone say nothing of the next one. */
    void disconnect() {
        sessions.forEach(SqlSession::disconnect);
        slots.serverEnded();
    }

    void closeSessions() {
        sessions.forEach(SqlSession::close);
    }

    PostgresConfig config() {
        return node.postgres();
    }

    /** The merged section {@code postgresql} for the current role. */
    PostgresSettings settings() {
        return PostgresSettingsMerger.merge(node, dynamic, status.role());
    }

    /** Makes the files' writers want what the configuration says for the current role. */
    void wantSettings() {
        PostgresSettings settings = settings();
        recovery.want(settings, dynamic.standbyCluster());
        server.want(settings);
    }

    Authentication rewindAuthentication() {
        return config().rewind().orElse(config().superuser());
    }

    /** How another server is reached; empty for nobody, and for a member whose record has no address. */
    Optional<SqlTarget> target(Upstream upstream, Authentication as) {
        return place(upstream).map(at -> SqlTarget.tcp(at.host(), at.port(), config().database(), as));
    }

    static Optional<ConnectionTarget> place(Upstream upstream) {
        return switch (upstream) {
            case Upstream.OfMember of -> of.member().connUrl().flatMap(ConnectionTarget::ofUrl);
            case Upstream.Remote remote -> Optional.of(new ConnectionTarget(remote.host(), remote.port()));
            case Upstream.Archive _,Upstream.Nobody _ -> Optional.empty();
        };
    }

    /** A connection string for PostgreSQL's programs; the password goes to the password file. */
    String connectionString(SqlTarget target, Map<String, String> more) {
        Map<String, String> values = new LinkedHashMap<>(target.libpqOptions());
        values.keySet().removeAll(List.of("password", "options", "connect_timeout"));
        values.put("dbname", target.database());
        if (!target.user().isEmpty()) {
            values.put("user", target.user());
        }
        values.put("host", target.libpqHost());
        values.put("port", target.port());
        values.putAll(more);
        return Conninfo.format(values, version.major());
    }

    /** Writes the password file for a server and says where it is. */
    Map<String, String> passwordEnvironment(SqlTarget target) throws IOException {
        if (target.password().isEmpty()) {
            return Map.of();
        }
        pgPass.write(target.libpqHost(), target.port(), target.user(), target.password().get());
        return pgPass.environment();
    }

    /** A trigger that was copied with the data would promote the server before recovery has reached what is asked for. */
    void removePromotionTrigger() throws IOException {
        Files.deleteIfExists(data.path().resolve(Promotion.SIGNAL_FILE));
        Optional<Path> configured = recovery.promoteTriggerFile().map(data.path()::resolve);
        if (configured.isPresent()) {
            Files.deleteIfExists(configured.get());
        }
    }

    /** Something done to the data directory as a whole. */
    @FunctionalInterface
    interface FileWork {
        void run() throws IOException;
    }

    /** Works on the data of a server that does not run. */
    Outcome withoutServer(FileWork work) {
        if (postmasters.current().isPresent()) {
            return Outcome.failed("PostgreSQL is running on " + data.path());
        }
        try {
            work.run();
            replayTimeline.forget();
            return Outcome.done();
        } catch (IOException failure) {
            return Outcome.failed(DataDirectory.message(failure));
        }
    }

    static String nameOf(Upstream upstream) {
        return switch (upstream) {
            case Upstream.OfMember of -> of.member().name();
            case Upstream.Remote remote -> remote.host();
            case Upstream.Archive _ -> "the archive";
            case Upstream.Nobody _ -> "nobody";
        };
    }

    /** The files and the command line for a start in a role; returns what waits for a restart. */
    Map<String, @Nullable Object> prepareStart(PostgresRole role)
            throws IOException {
        status.setRole(role);
        wantSettings();
        return server.prepareStart(data.hasStandbySignal() ? data.control().standbyMinimums() : Map.of());
    }

    List<String> startOptions() {
        List<String> options = new ArrayList<>();
        options.add("--config-file=" + server.configurationFile());
        options.addAll(server.commandLineOptions());
        return options;
    }
}
