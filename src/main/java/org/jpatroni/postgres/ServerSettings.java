package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresSettings;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The effective settings of the local server and the files that carry them: {@code postgresql.conf}, {@code pg_hba.conf},
 * {@code pg_ident.conf}, and the command line. Layout and file names are Patroni's, so that a node can go from one daemon to the other.
 */
public final class ServerSettings {

    private static final Logger LOG = LoggerFactory.getLogger(ServerSettings.class);

    static final String RECOVERY_MARK = "# recovery.conf";

    /** What is passed on the command line, in this order, so that ALTER SYSTEM cannot change it. */
    private static final List<String> COMMAND_LINE = List.of("listen_addresses", "port", "cluster_name", "wal_level",
            "hot_standby", "max_connections", "max_wal_senders", "max_prepared_transactions",
            "max_locks_per_transaction", "track_commit_timestamp", "max_replication_slots", "max_worker_processes",
            "wal_log_hints");

    /** Patroni's defaults of the settings that only the dynamic configuration may change. */
    private static final Map<String, String> DEFAULTS = Map.ofEntries(Map.entry("wal_level", "replica"),
            Map.entry("hot_standby", "on"), Map.entry("max_connections", "100"), Map.entry("max_wal_senders", "10"),
            Map.entry("max_prepared_transactions", "0"), Map.entry("max_locks_per_transaction", "64"),
            Map.entry("track_commit_timestamp", "off"), Map.entry("max_replication_slots", "10"),
            Map.entry("max_worker_processes", "8"), Map.entry("wal_log_hints", "on"));

    private static final String STANDBY_NAMES = "synchronous_standby_names";
    private final PostgresConfig config;
    private final String scope;
    private final RecoverySettings recovery;
    private final AcceptedText accepted;
    private final ConfigurationFiles files;
    private final Path folder;
    private final String baseName;
    private PostgresSettings settings;
    private NavigableMap<String, String> parameters;
    private NavigableMap<String, String> effective;
    private Optional<String> synchronousStandbyNames = Optional.empty();
    private boolean synchronousStandbyNamesDecided;
    private boolean hotStandbyFeedbackForced;
    private boolean citus;

    /** The settings are complete from the start; {@link #want} changes them. */
    public ServerSettings(PostgresConfig config, PostgresSettings settings, String scope, RecoverySettings recovery,
            SettingsProbe probe) {
        this.config = config;
        this.scope = scope;
        this.recovery = recovery;
        this.files = new ConfigurationFiles(Path.of(config.dataDir()));
        this.folder = config.configDir().map(Path::of).orElse(files.dataDirectory()).toAbsolutePath();
        Object name = config.local().get("config_base_name");
        this.baseName = name == null ? "postgresql" : name.toString();
        this.accepted = new AcceptedText(probe, files, folder.resolve("." + baseName + ".conf.probe"), this::render);
        this.settings = settings;
        keepStandbyNames();
        this.parameters = build();
        this.effective = parameters;
    }

    /** An agent that was restarted must not make commits wait for nobody until it decides anew: what our own file says stays. */
    private void keepStandbyNames() {
        String text = RecoveryLines.text(configurationFile());
        if (text.startsWith(ManagedFiles.HEADER)) {
            Map<String, String> written = new HashMap<>();
            RecoveryLines.parse(text, written);
            synchronousStandbyNames = Optional.ofNullable(written.get(STANDBY_NAMES));
            synchronousStandbyNamesDecided = synchronousStandbyNames.isPresent();
        }
    }

    /** What the HA loop decided of {@code synchronous_standby_names} goes over from one configuration to the next. */
    void takeStandbyNames(ServerSettings old) {
        if (old.isStandbyNamesDecided()) {
            setSynchronousStandbyNames(old.parameter(STANDBY_NAMES));
        } else {
            leaveSynchronousStandbyNamesToConfiguration();
        }
    }

    synchronized boolean isStandbyNamesDecided() {
        return synchronousStandbyNamesDecided;
    }

    /** Takes changed settings over; files change with the next write. */
    public synchronized void want(PostgresSettings changed) {
        settings = changed;
        parameters = build();
        effective = parameters;
    }

    /**
     * The HA loop decides on {@code synchronous_standby_names}, whatever the configuration says.
     *
     * @param names empty: the parameter is not set
     */
    public synchronized void setSynchronousStandbyNames(Optional<String> names) {
        synchronousStandbyNames = names;
        synchronousStandbyNamesDecided = true;
        parameters = build();
        effective = parameters;
    }

    /** The configuration decides on {@code synchronous_standby_names}: synchronous mode is off. */
    public synchronized void leaveSynchronousStandbyNamesToConfiguration() {
        synchronousStandbyNamesDecided = false;
        parameters = build();
        effective = parameters;
    }

    /** Logical slots that follow the leader need {@code hot_standby_feedback} on standbys. */
    public synchronized void setHotStandbyFeedbackForced(boolean forced) {
        hotStandbyFeedbackForced = forced;
        parameters = build();
        effective = parameters;
    }

    /** This server is a part of a Citus cluster. */
    synchronized void joinCitus() {
        citus = true;
        parameters = build();
        effective = parameters;
    }

    /** Names in the order of the file; case does not count. */
    private NavigableMap<String, String> build() {
        NavigableMap<String, String> built = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        settings.parameters().forEach((name, value) -> {
            if (Quoting.isParameterName(name)) {
                built.put(name, value);
            } else {
                LOG.warn("Removing unexpected parameter={} from the config: not a name of a parameter", name);
            }
        });
        DEFAULTS.forEach(built::putIfAbsent);
        built.put("cluster_name", scope);
        built.put("listen_addresses", config.listenHosts());
        built.put("port", Integer.toString(config.listenPort()));
        if ("hot_standby".equals(built.get("wal_level"))) {
            built.put("wal_level", "replica");
        }
        String segments = built.remove("wal_keep_segments");
        built.putIfAbsent("wal_keep_size", SettingUnits.walKeepSize(segments == null ? "" : segments));
        for (String file : List.of("hba_file", "ident_file")) {
            built.computeIfPresent(file, (name, value) -> folder.resolve(value).toString());
        }
        if (synchronousStandbyNamesDecided) {
            synchronousStandbyNames.ifPresentOrElse(value -> built.put(STANDBY_NAMES, value),
                    () -> built.remove(STANDBY_NAMES));
        }
        if (hotStandbyFeedbackForced) {
            built.put("hot_standby_feedback", "on");
        }
        if (citus) {
            CitusSetup.adjust(built, LocalAddress.ofServer(config, built));
        }
        return Collections.unmodifiableNavigableMap(built);
    }

    /** The value that is wanted, whatever the control file demands. */
    public synchronized Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    synchronized Map<String, String> parameters() {
        return parameters;
    }

    /** {@code postgresql.conf}: the value of {@code --config-file}. */
    public Path configurationFile() {
        return folder.resolve(baseName + ".conf");
    }

    /** The file with what initdb wrote, which ours includes. */
    Path baseFile() {
        return folder.resolve(baseName + ".base.conf");
    }

    public Path hbaFile() {
        return folder.resolve("pg_hba.conf");
    }

    public Path identFile() {
        return folder.resolve("pg_ident.conf");
    }

    /**
     * Writes all files for a start.
     *
     * @param controlValues what the control file says of {@code max_connections}, {@code max_prepared_transactions},
     *        {@code max_locks_per_transaction}, {@code max_worker_processes}, {@code max_wal_senders}; a standby refuses to start with
     *        less. Empty for a primary, which may decrease them.
     * @return name to {@code {old_value, new_value}} of parameters that could not be decreased yet: they wait for a restart
     */
    public synchronized Map<String, @Nullable Object> prepareStart(Map<String, Integer> controlValues)
            throws IOException {
        NavigableMap<String, String> raised = new TreeMap<>(parameters);
        Map<String, @Nullable Object> pending = new LinkedHashMap<>();
        controlValues.forEach((name, atLeast) -> {
            String wanted = raised.getOrDefault(name, "0");
            double configured = SettingUnits.integer(wanted, null).orElse(0);
            if (atLeast > configured) {
                LOG.info("{} is {} in the control file and {} in the configuration: starting with {}, the configured"
                        + " value waits for a restart", name, atLeast, wanted, atLeast);
                raised.put(name, atLeast.toString());
                pending.put(name, PendingRestart.difference(atLeast.toString(), wanted));
            }
        });
        effective = Collections.unmodifiableNavigableMap(raised);
        accepted.forgetRefusals();
        createFolders();
        ConfigurationBackups backups = new ConfigurationBackups(files);
        backups.restoreMissing(backedUp());
        writeConfiguration(effective);
        writeHba();
        writeIdent();
        backups.save(backedUp());
        return pending;
    }

    private List<Path> backedUp() {
        List<Path> originals = new ArrayList<>(List.of(configurationFile()));
        if (config.customConf().isEmpty()) {
            originals.add(baseFile());
        }
        if (isManaged("hba_file", hbaFile())) {
            originals.add(hbaFile());
        }
        if (isManaged("ident_file", identFile())) {
            originals.add(identFile());
        }
        return originals;
    }

    /** Writes {@code postgresql.conf} for a server that runs; it must be told to reload. */
    public synchronized boolean writeConfiguration() throws IOException {
        effective = parameters;
        return writeConfiguration(effective);
    }

    /**
     * The same without asking the program {@code postgres} or waiting for the disk: the running server says what it has against the text, see
     * {@link #proven}, and whoever starts a server writes the file again.
     */
    public synchronized boolean writeUnproven() throws IOException {
        String whole = render(parameters, recovery.lines());
        if (!accepted.propose(whole)) {
            return writeConfiguration();
        }
        effective = parameters;
        keepBase();
        boolean changed = files.writeUnsynced(configurationFile(), whole);
        removeRecoveryFromAutoConf();
        return changed;
    }

    synchronized boolean isUnproven() {
        return accepted.isUnproven();
    }

    /**
     * @param taken the running server takes all of it; else the program is asked, and lines that it refuses are left out
     * @return whether the file was written again
     */
    public synchronized boolean proven(boolean taken) throws IOException {
        accepted.settle(taken);
        return !taken && writeConfiguration();
    }

    private boolean writeConfiguration(NavigableMap<String, String> values) throws IOException {
        keepBase();
        boolean changed = files.write(configurationFile(), accepted.text(values, recovery.lines()));
        removeRecoveryFromAutoConf();
        return changed;
    }

    private void keepBase() throws IOException {
        Path base = baseFile();
        if (config.customConf().isEmpty() && !Files.exists(base)) {
            if (Files.exists(configurationFile())) {
                Files.move(configurationFile(), base);
            } else {
                files.write(base, "");
            }
        }
    }

    private String render(Map<String, String> values, Map<String, String> recoveryLines) {
        StringBuilder text = new StringBuilder(ManagedFiles.HEADER);
        String include = config.customConf().orElse(baseName + ".base.conf");
        text.append("include '").append(include.replace("\\", "\\\\").replace("'", "''")).append("'\n\n");
        values.forEach((name, value) -> {
            if (!RecoverySettings.NAMES.contains(Quoting.parameterKey(name))) {
                text.append(Quoting.configurationLine(name, value)).append('\n');
            }
        });
        if (!values.containsKey("hba_file")) {
            text.append(Quoting.configurationLine("hba_file", hbaFile().toString())).append('\n');
        }
        if (!values.containsKey("ident_file")) {
            text.append(Quoting.configurationLine("ident_file", identFile().toString())).append('\n');
        }
        if (!recoveryLines.isEmpty()) {
            text.append('\n').append(RECOVERY_MARK).append('\n');
            recoveryLines.forEach((name, value) -> text.append(Quoting.configurationLine(name, value)).append('\n'));
        }
        return text.toString();
    }

    /** pg_basebackup and pg_rewind may leave recovery settings in {@code postgresql.auto.conf}, which would win over ours. */
    private void removeRecoveryFromAutoConf() throws IOException {
        Path auto = files.dataDirectory().resolve("postgresql.auto.conf");
        if (recovery.keepsForeign() || !Files.isRegularFile(auto)) {
            return;
        }
        List<String> kept = new ArrayList<>();
        boolean removed = false;
        for (String line : Files.readAllLines(auto)) {
            String name = line.strip().split("[\\s=]", 2)[0];
            if (RecoverySettings.NAMES.contains(Quoting.parameterKey(name))) {
                removed = true;
            } else {
                kept.add(line);
            }
        }
        if (removed) {
            files.write(auto, String.join("\n", kept) + "\n");
        }
    }

    private void createFolders() {
        for (String name : List.of("unix_socket_directories", "stats_temp_directory")) {
            for (String one : parameters.getOrDefault(name, "").split(",", -1)) {
                String plain = one.strip();
                try {
                    if (!plain.isEmpty() && !plain.startsWith("@")) {
                        Files.createDirectories(files.dataDirectory().resolve(plain));
                    }
                } catch (IOException unusable) {
                    LOG.warn("Cannot create the folder {} of {}: {}", plain, name, unusable.toString());
                }
            }
        }
    }

    /** What the server is started with, after {@link #prepareStart}. */
    public synchronized List<String> commandLineOptions() {
        List<String> options = new ArrayList<>();
        for (String name : COMMAND_LINE) {
            String value = effective.get(name);
            if (value != null) {
                options.add("--" + name + "=" + value);
            }
        }
        return options;
    }

    /** Writes {@code pg_hba.conf} when the configuration has lines for it and no other file is named; else it is left alone. */
    public synchronized boolean writeHba() throws IOException {
        return writeManaged("hba_file", hbaFile(), settings.pgHba());
    }

    /** The same for {@code pg_ident.conf}. */
    public synchronized boolean writeIdent() throws IOException {
        return writeManaged("ident_file", identFile(), settings.pgIdent());
    }

    private boolean writeManaged(String parameter, Path file, List<String> wanted) throws IOException {
        return isManaged(parameter, file) && !wanted.isEmpty() && files.write(file, ManagedFiles.text(wanted));
    }

    private boolean isManaged(String parameter, Path file) {
        String named = parameters.get(parameter);
        return named == null || named.equals(file.toString());
    }

    ConfigurationFiles files() {
        return files;
    }
}
