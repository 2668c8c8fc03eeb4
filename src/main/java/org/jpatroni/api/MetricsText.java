package org.jpatroni.api;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.jpatroni.json.PythonJson;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.MetricFamily;

/**
 * The body of {@code /metrics} in Prometheus' text format. The series of Patroni 4.1 come first, with its names, help texts, types and
 * number formats; ours follow.
 */
final class MetricsText {

    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** The place in the enumeration is the number that monitoring knows. */
    private static final List<PostgresState> STATES = List.of(PostgresState.values());

    private static final String STATE_VALUES = stateValues();

    private final StringBuilder out = new StringBuilder(32_768);
    private final String labels;

    private MetricsText(HaStatus ha) {
        this.labels = "{scope=\"" + escaped(ha.scope()) + "\",name=\"" + escaped(ha.memberName()) + "\"}";
    }

    /** @param own families that Patroni does not have; those without samples are left out */
    static String write(StatusView status, List<MetricFamily> own) {
        MetricsText text = new MetricsText(status.ha());
        text.postgres(status);
        text.positions(status);
        text.cluster(status);
        text.gauge("patroni_master", "Value is 1 if this node is the leader, 0 otherwise. Old name of patroni_primary.",
                flag(status.role() == PostgresRole.PRIMARY));
        own.forEach(text::family);
        return text.out.toString();
    }

    private void postgres(StatusView status) {
        gauge("patroni_version", "Patroni semver without periods.", paddedVersion());
        gauge("patroni_postgres_running", "Value is 1 if Postgres is running, 0 otherwise.",
                flag(status.isRunning()));
        gauge("patroni_postmaster_start_time", "Epoch seconds since Postgres started.",
                status.observation().flatMap(PostgresObservation::postmasterStart)
                        .map(start -> PythonJson.floatRepr(PythonTime.epochSeconds(start))).orElse("0"));
        gauge("patroni_primary", "Value is 1 if this node is the leader, 0 otherwise.",
                flag(status.role() == PostgresRole.PRIMARY));
    }

    private void positions(StatusView status) {
        PostgresObservation primary = status.observation().filter(o -> !o.inRecovery()).orElse(null);
        PostgresObservation standby = status.observation().filter(PostgresObservation::inRecovery).orElse(null);
        counter("patroni_xlog_location",
                "Current location of the Postgres transaction log, 0 if this node is not the leader.",
                position(primary == null ? Lsn.ZERO : primary.location()));
        gauge("patroni_standby_leader", "Value is 1 if this node is the standby_leader, 0 otherwise.",
                flag(status.role() == PostgresRole.STANDBY_LEADER));
        gauge("patroni_replica", "Value is 1 if this node is a replica, 0 otherwise.",
                flag(status.role() == PostgresRole.REPLICA));
        gauge("patroni_sync_standby", "Value is 1 if this node is a sync standby, 0 otherwise.",
                flag(status.syncStandby()));
        gauge("patroni_quorum_standby", "Value is 1 if this node is a quorum standby, 0 otherwise.",
                flag(status.quorumStandby()));
        counter("patroni_xlog_received_location",
                "Current location of the received Postgres transaction log, 0 if this node is not a replica.",
                position(standby == null ? Lsn.ZERO : standby.receivedLocation()));
        counter("patroni_xlog_replayed_location",
                "Current location of the replayed Postgres transaction log, 0 if this node is not a replica.",
                position(standby == null ? Lsn.ZERO : standby.replayedLocation()));
        gauge("patroni_xlog_replayed_timestamp",
                "Current timestamp of the replayed Postgres transaction log, 0 if null.",
                standby == null
                        ? "0"
                        : standby.replayedTimestamp()
                                .map(time -> PythonJson.floatRepr(PythonTime.epochSeconds(time))).orElse("0"));
        gauge("patroni_xlog_paused", "Value is 1 if the Postgres xlog is paused, 0 otherwise.",
                flag(standby != null && standby.paused()));
        if (status.observation().isPresent()) {
            String replication = status.replicationState().orElse("");
            gauge("patroni_postgres_streaming", "Value is 1 if Postgres is streaming, 0 otherwise.",
                    flag(replication.equals("streaming")));
            gauge("patroni_postgres_in_archive_recovery",
                    "Value is 1 if Postgres is replicating from archive, 0 otherwise.",
                    flag(replication.equals("in archive recovery")));
        }
    }

    private void cluster(StatusView status) {
        HaStatus ha = status.ha();
        gauge("patroni_postgres_server_version", "Version of Postgres (if running), 0 otherwise.",
                Integer.toString(status.observation().map(PostgresObservation::serverVersion).orElse(0)));
        gauge("patroni_cluster_unlocked", "Value is 1 if the cluster is unlocked, 0 if locked.",
                flag(status.isUnlocked()));
        gauge("patroni_failsafe_mode_is_active", "Value is 1 if failsafe mode is active, 0 if inactive.",
                flag(ha.failsafeActive()));
        gauge("patroni_failsafe_mode_enabled", "Value is 1 if failsafe_mode is enabled, 0 otherwise.",
                flag(ha.dynamic().failsafeMode()));
        gauge("patroni_failsafe_member", "Value is 1 if this node is a member of failsafe, 0 otherwise.",
                flag(ha.failsafeMembers().containsKey(ha.memberName())));
        gauge("patroni_postgres_timeline", "Postgres timeline of this node (if running), 0 otherwise.",
                Integer.toString(status.observation().isPresent() ? status.timeline().orElse(0) : 0));
        gauge("patroni_dcs_last_seen", "Epoch timestamp when DCS was last contacted successfully by Patroni.",
                Long.toString(ha.dcsLastSeenEpochSeconds()));
        gauge("patroni_pending_restart", "Value is 1 if the node needs a restart, 0 otherwise.",
                flag(!ha.pendingRestart().isEmpty()));
        gauge("patroni_is_paused", "Value is 1 if auto failover is disabled, 0 otherwise.",
                flag(ha.dynamic().pause()));
        help("patroni_postgres_state", "Numeric representation of Postgres state.");
        out.append("# Values: ").append(STATE_VALUES).append('\n');
        series("patroni_postgres_state", "gauge",
                Integer.toString(status.stateText().equals("unknown") ? -1 : STATES.indexOf(ha.state())));
        gauge("patroni_failover_priority", "Failover priority of this node.",
                Integer.toString(ha.tags().failoverPriority()));
    }

    private void family(MetricFamily family) {
        if (family.samples().isEmpty()) {
            return;
        }
        help(family.name(), family.help().replace("\\", "\\\\").replace("\n", "\\n"));
        type(family.name(), family.type().name().toLowerCase(Locale.ROOT));
        for (MetricFamily.Sample sample : family.samples()) {
            out.append(family.name()).append(sample.suffix()).append(labels, 0, labels.length() - 1);
            for (MetricFamily.Label label : sample.labels()) {
                out.append(',').append(label.name()).append("=\"").append(escaped(label.value())).append('"');
            }
            out.append("} ").append(number(sample.value())).append('\n');
        }
    }

    private void gauge(String name, String help, String value) {
        help(name, help);
        series(name, "gauge", value);
    }

    private void counter(String name, String help, String value) {
        help(name, help);
        series(name, "counter", value);
    }

    private void help(String name, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    }

    private void type(String name, String type) {
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void series(String name, String type, String value) {
        type(name, type);
        out.append(name).append(labels).append(' ').append(value).append('\n');
    }

    private static String flag(boolean value) {
        return value ? "1" : "0";
    }

    private static String position(Lsn lsn) {
        return Long.toString(lsn.bytes());
    }

    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : PythonJson.floatRepr(value);
    }

    private static String paddedVersion() {
        StringBuilder padded = new StringBuilder();
        for (String part : StatusJson.CONTRACT_VERSION.split("\\.", -1)) {
            padded.append(part.length() < 2 ? "0" : "").append(part);
        }
        return padded.toString();
    }

    private static String stateValues() {
        StringJoiner values = new StringJoiner(", ");
        for (int i = 0; i < STATES.size(); i++) {
            values.add(i + "=" + STATES.get(i).name().toLowerCase(Locale.ROOT));
        }
        return values.toString();
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
