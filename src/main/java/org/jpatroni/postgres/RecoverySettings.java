package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.config.Secret;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.Tree;
import org.jpatroni.model.Upstream;
import org.jspecify.annotations.Nullable;

/**
 * The settings that make a server a standby of somebody, and {@code standby.signal}. They are lines of {@code postgresql.conf}, which
 * {@link ServerSettings} writes; the password goes to the password file.
 */
public final class RecoverySettings {

    /** What it takes until wanted settings are in effect. */
    public enum Change {
        NONE, RELOAD, RESTART
    }

    /** Parameters of recovery, which are written for a standby only and never by a user's list of parameters alone. */
    static final List<String> NAMES = List.of("archive_cleanup_command", "pause_at_recovery_target", "primary_conninfo",
            "primary_slot_name", "promote_trigger_file", "recovery_end_command", "recovery_min_apply_delay",
            "recovery_target", "recovery_target_action", "recovery_target_inclusive", "recovery_target_lsn",
            "recovery_target_name", "recovery_target_time", "recovery_target_timeline", "recovery_target_xid",
            "restore_command", "standby_mode", "trigger_file");

    /** Those that a user may set ({@code recovery_conf} or {@code parameters}); the others are decided here. */
    private static final List<String> USER_NAMES = List.of("archive_cleanup_command", "promote_trigger_file",
            "recovery_end_command", "recovery_min_apply_delay", "restore_command");

    /** Set empty, lest a line in an included file pauses, promotes or stops a standby. */
    private static final List<String> NO_TARGETS = List.of("recovery_target", "recovery_target_lsn",
            "recovery_target_name", "recovery_target_time", "recovery_target_xid");

    private static final int PROMOTE_TRIGGER_FILE_REMOVED_IN = 16;

    private final PostgresConfig config;
    private final String memberName;
    private final PgPass pgPass;
    private final IntSupplier majorVersion;
    private final ConfigurationFiles files;
    private PostgresSettings settings;
    private Optional<StandbyCluster> standbyCluster = Optional.empty();
    private SortedMap<String, String> lines = Collections.emptySortedMap();
    /** The lines are those of a standby and follow the configuration. */
    private boolean standby;
    /** What a backup tool has written about recovery is left as it is. */
    private boolean foreign;
    /** Whom the lines are about; empty: a primary, or a standby that an earlier agent has configured. */
    private Optional<Upstream> current = Optional.empty();

    /**
     * @param memberName goes out as {@code application_name}
     * @param majorVersion of the data directory, for example 15
     */
    public RecoverySettings(PostgresConfig config, PostgresSettings settings, String memberName, PgPass pgPass,
            IntSupplier majorVersion) {
        this.config = config;
        this.settings = settings;
        this.memberName = memberName;
        this.pgPass = pgPass;
        this.majorVersion = majorVersion;
        this.files = new ConfigurationFiles(Path.of(config.dataDir()));
    }

    /** Takes changed configuration over; the lines of a standby follow it at once. */
    public synchronized void want(PostgresSettings changed, Optional<StandbyCluster> remote) {
        settings = changed;
        standbyCluster = remote;
        if (standby) {
            lines = current.isPresent() ? wanted(current.get()) : refreshed();
        }
    }

    /** The user's settings as they are now, with what is known of an upstream that an earlier agent has written. */
    private SortedMap<String, String> refreshed() {
        SortedMap<String, String> fresh = clusterSettings();
        lines.forEach((name, value) -> {
            boolean ofUpstream = name.startsWith("primary_") || name.startsWith("recovery_target")
                    || name.equals("recovery_min_apply_delay") && standbyCluster.isPresent();
            if (ofUpstream) {
                fresh.put(name, value);
            }
        });
        return Collections.unmodifiableSortedMap(fresh);
    }

    /**
     * Makes the data directory that of a standby, or of a primary. The lines become effective with the next
     * {@link ServerSettings#writeConfiguration}.
     *
     * @param upstream empty: a primary
     */
    public synchronized void write(Optional<Upstream> upstream) throws IOException {
        foreign = false;
        Path signal = files.dataDirectory().resolve("standby.signal");
        if (upstream.isEmpty()) {
            Files.deleteIfExists(signal);
            Files.deleteIfExists(files.dataDirectory().resolve("recovery.signal"));
            lines = Collections.emptySortedMap();
            standby = false;
            current = Optional.empty();
            return;
        }
        // The signal first: a standby without an upstream is harmless, a primary by mistake is not.
        files.write(signal, "");
        Map<String, String> conninfo = conninfo(upstream.get());
        Optional<Secret> password = config.replication().password();
        if (!conninfo.isEmpty() && password.isPresent()) {
            pgPass.write(conninfo.getOrDefault("host", ""), conninfo.getOrDefault("port", ""),
                    config.replication().username(), password.get());
        }
        lines = wanted(upstream.get(), conninfo);
        standby = true;
        current = upstream;
    }

    /**
     * The server was promoted and goes on running: what only a restart could take back stays in the file, where it means nothing to a primary;
     * without it PostgreSQL would call its configuration file erroneous at every reload.
     */
    public synchronized void promoted() throws IOException {
        Files.deleteIfExists(files.dataDirectory().resolve("standby.signal"));
        Files.deleteIfExists(files.dataDirectory().resolve("recovery.signal"));
        SortedMap<String, String> kept = new TreeMap<>(lines);
        kept.keySet().removeIf(name -> !name.startsWith("recovery_target"));
        lines = Collections.unmodifiableSortedMap(kept);
        standby = false;
        current = Optional.empty();
    }

    /** The lines for {@code postgresql.conf}; empty on a primary that was started as one. */
    synchronized SortedMap<String, String> lines() {
        return lines;
    }

    /** Takes over what a server that this process did not start has been configured with. */
    synchronized void adopt(Map<String, String> found) {
        fix(found);
        standby = Files.exists(files.dataDirectory().resolve("standby.signal"));
    }

    /** Takes the place of one with an older local configuration. */
    synchronized void succeed(RecoverySettings older) {
        synchronized (older) {
            lines = older.lines;
            standby = older.standby;
            current = older.current;
        }
    }

    /** Whatever a backup tool has left, signal files and {@code postgresql.auto.conf}, decides on recovery until the next {@link #write}. */
    synchronized void keepForeign() {
        fix(Map.of());
        foreign = true;
    }

    synchronized boolean keepsForeign() {
        return foreign;
    }

    /** Exactly these settings, whatever the configuration says: those by which a restored backup is recovered. */
    synchronized void fix(Map<String, String> found) {
        standby = false;
        current = Optional.empty();
        SortedMap<String, String> taken = new TreeMap<>();
        found.forEach((name, value) -> {
            if (NAMES.contains(Quoting.parameterKey(name))) {
                taken.put(Quoting.parameterKey(name), value);
            }
        });
        lines = Collections.unmodifiableSortedMap(taken);
    }

    /** The lines that a standby of this upstream has. */
    synchronized SortedMap<String, String> wanted(Upstream upstream) {
        return wanted(upstream, conninfo(upstream));
    }

    private SortedMap<String, String> wanted(Upstream upstream, Map<String, String> conninfo) {
        SortedMap<String, String> wanted = clusterSettings();
        wanted.put("recovery_target_timeline", "latest");
        NO_TARGETS.forEach(name -> wanted.put(name, ""));
        if (!conninfo.isEmpty()) {
            wanted.put("primary_conninfo", Conninfo.format(conninfo, majorVersion.getAsInt()));
            slotName(upstream).ifPresent(slot -> wanted.put("primary_slot_name", slot));
        }
        if (upstream instanceof Upstream.Remote || upstream instanceof Upstream.Archive) {
            standbyCluster.flatMap(StandbyCluster::recoveryMinApplyDelay)
                    .ifPresent(value -> wanted.put("recovery_min_apply_delay", value));
        }
        return Collections.unmodifiableSortedMap(wanted);
    }

    /** What the user has set; in a standby cluster the settings about the remote's archive are for all members. */
    private SortedMap<String, String> clusterSettings() {
        SortedMap<String, String> wanted = userSettings();
        standbyCluster.flatMap(StandbyCluster::restoreCommand)
                .ifPresent(value -> wanted.put("restore_command", value));
        standbyCluster.flatMap(StandbyCluster::archiveCleanupCommand)
                .ifPresent(value -> wanted.put("archive_cleanup_command", value));
        return wanted;
    }

    private SortedMap<String, String> userSettings() {
        SortedMap<String, String> wanted = new TreeMap<>();
        settings.parameters().forEach((name, value) -> putUserSetting(wanted, name, value));
        Tree.mapAt(settings.tree(), "recovery_conf").forEach((name, value) -> putUserSetting(wanted, name, value));
        if (majorVersion.getAsInt() >= PROMOTE_TRIGGER_FILE_REMOVED_IN) {
            wanted.remove("promote_trigger_file");
        }
        return wanted;
    }

    /** The user's setting of that name; PostgreSQL 16 has no such file any more. */
    synchronized Optional<String> promoteTriggerFile() {
        return Optional.ofNullable(userSettings().get("promote_trigger_file")).filter(name -> !name.isBlank());
    }

    private static void putUserSetting(Map<String, String> wanted, String name, @Nullable Object value) {
        String key = Quoting.parameterKey(name).equals("trigger_file")
                ? "promote_trigger_file"
                : Quoting.parameterKey(name);
        if (value != null && USER_NAMES.contains(key)) {
            wanted.put(key, value.toString());
        }
    }

    private static Optional<String> slotName(Upstream upstream) {
        return switch (upstream) {
            case Upstream.OfMember member -> member.slotName();
            case Upstream.Remote remote -> remote.slotName();
            case Upstream.Archive _,Upstream.Nobody _ -> Optional.empty();
        };
    }

    /** Where and how to stream from the upstream; empty for nobody. */
    private Map<String, String> conninfo(Upstream upstream) {
        Map<String, String> values = new LinkedHashMap<>();
        switch (upstream) {
            case Upstream.OfMember of -> of.member().connUrl().flatMap(Conninfo::parse).ifPresent(url -> {
                values.put("host", url.getOrDefault("host", ""));
                values.put("port", url.getOrDefault("port", "5432"));
                values.put("dbname", url.getOrDefault("dbname", config.database()));
            });
            case Upstream.Remote remote -> {
                values.put("host", remote.host());
                values.put("port", remote.port());
                values.put("dbname", config.database());
                if (remote.slotName().isPresent() && remote.host().contains(",")) {
                    // A slot lives on one of the hosts: the primary.
                    values.put("target_session_attrs", "read-write");
                }
            }
            case Upstream.Archive _,Upstream.Nobody _ -> {
            }
        }
        if (!values.isEmpty()) {
            addCredentials(values);
        }
        return values;
    }

    private void addCredentials(Map<String, String> values) {
        Authentication replication = config.replication();
        replication.libpqOptions().forEach((key, value) -> {
            if (!key.equals("options") && !key.equals("connect_timeout") && !key.equals("password")) {
                values.put(key, value);
            }
        });
        if (!replication.username().isEmpty()) {
            values.put("user", replication.username());
        }
        if (replication.password().isPresent()) {
            values.put("passfile", pgPass.file().toString());
        }
        values.put("application_name", memberName);
        values.putIfAbsent("sslmode", "prefer");
        values.putIfAbsent("gssencmode", "prefer");
        values.putIfAbsent("channel_binding", "prefer");
        values.putIfAbsent("sslnegotiation", "postgres");
        Object service = settings.tree().get("krbsrvname");
        if (service != null) {
            values.put("krbsrvname", service.toString());
        }
    }

    /**
     * Whether a running standby streams, or tries to stream, from this upstream with the settings that are wanted.
     *
     * @param running what the server said of itself
     */
    public synchronized boolean matches(Upstream upstream, PostgresView.Replication running) {
        Map<String, String> wanted = conninfo(upstream);
        return sameConninfo(wanted, running.primaryConninfo().orElse(""))
                && (wanted.isEmpty() || slotName(upstream).equals(running.primarySlotName()));
    }

    private boolean sameConninfo(Map<String, String> wanted, String running) {
        Optional<Map<String, String>> parsed = Conninfo.parse(running);
        if (parsed.isEmpty() || wanted.isEmpty() || parsed.get().isEmpty()) {
            return parsed.isPresent() && wanted.isEmpty() == parsed.get().isEmpty();
        }
        Map<String, String> actual = new LinkedHashMap<>(parsed.get());
        actual.putIfAbsent("sslmode", "prefer");
        actual.putIfAbsent("gssencmode", "prefer");
        actual.putIfAbsent("channel_binding", "prefer");
        actual.putIfAbsent("sslnegotiation", "postgres");
        for (Map.Entry<String, String> entry : wanted.entrySet()) {
            // A receiver shows "replication" as its database and stars for secrets.
            boolean comparable = !entry.getKey().equals("dbname") && !entry.getKey().equals("sslpassword");
            if (comparable && !entry.getValue().equals(actual.get(entry.getKey()))) {
                return false;
            }
        }
        Optional<Secret> password = config.replication().password();
        return password.isEmpty() || pgPass.holds(wanted.getOrDefault("host", ""), wanted.getOrDefault("port", ""),
                config.replication().username(), password.get());
    }

    /**
     * What it takes to make a running standby follow the upstream, found out by asking it for its settings.
     *
     * @throws SQLException when it does not answer
     */
    public Change change(Upstream upstream, SqlSession session, Duration limit) throws SQLException {
        if (!Files.exists(files.dataDirectory().resolve("standby.signal"))) {
            return Change.RESTART;
        }
        List<SettingRow> rows = session.query(SettingRow.QUERY_NAMED, limit, SettingRow::read,
                (Object) NAMES.toArray(new String[0]));
        synchronized (this) {
            Map<String, String> conninfo = conninfo(upstream);
            SortedMap<String, String> wanted = wanted(upstream, conninfo);
            Change needed = Change.NONE;
            for (SettingRow row : rows) {
                if (!inEffect(row, wanted, conninfo)) {
                    Change change = row.context().equals("postmaster") ? Change.RESTART : Change.RELOAD;
                    needed = change.compareTo(needed) > 0 ? change : needed;
                }
            }
            return needed;
        }
    }

    private boolean inEffect(SettingRow row, Map<String, String> wanted, Map<String, String> conninfo) {
        String want = wanted.get(row.name());
        return switch (row.name()) {
            case "recovery_target_action", "recovery_target_inclusive" -> true;
            case "primary_conninfo" -> sameConninfo(conninfo, row.setting());
            case "primary_slot_name" -> conninfo.isEmpty() || row.setting().equals(want == null ? "" : want);
            // What only an included file of the user sets is none of our business.
            default -> want == null && row.setElsewhere()
                    || SettingUnits.same(row.type(), row.unit(), row.setting(), want == null ? row.bootValue() : want);
        };
    }
}
