package org.jpatroni.api;

import java.math.BigInteger;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.Tags;
import org.jpatroni.model.TimelineHistory;
import org.jspecify.annotations.Nullable;

/** Builds a node from what Patroni said of it: documents are read back to the facts that they were made from. */
final class RecordedNode {

    private RecordedNode() {
    }

    /** Takes over a recorded status document. */
    static void applyStatus(NodeFixture node, Map<?, ?> document, String nodeRole) {
        Map<?, ?> patroni = map(document.get("patroni"));
        node.name = text(patroni.get("name"));
        String stateText = text(document.get("state"));
        node.state = PostgresState.ofWireText(stateText).orElse(PostgresState.RUNNING);
        node.role = PostgresRole.ofWireText(text(document.get("role"))).orElseThrow();
        node.observed = document.containsKey("server_version");
        if (node.observed) {
            applyObservation(node, document);
        }
        boolean leads = nodeRole.equals("leader");
        node.leaseDeadline = leads ? Optional.of(NodeFixture.NOW + 29_000_000_000L) : Optional.empty();
        node.leaderKey = document.containsKey("cluster_unlocked")
                ? Optional.empty()
                : Optional.of(new LeaderKey(leads ? node.name : "another", 1, "1", leads));
        node.sync = document.containsKey("sync_standby")
                ? new SyncState(Optional.of("another"), List.of(node.name), 0, 1)
                : SyncState.ABSENT;
        node.failsafeActive = document.containsKey("failsafe_mode_is_active");
        node.dcsLastSeen = number(document.get("dcs_last_seen"));
        node.tags = document.containsKey("tags") ? new Tags(tree(document.get("tags"))) : Tags.NONE;
        node.systemIdentifier = Optional.ofNullable(document.get("database_system_identifier")).map(Object::toString);
        node.pendingRestart = tree(document.get("pending_restart_reason"));
        node.scheduledRestart = tree(document.get("scheduled_restart"));
    }

    private static void applyObservation(NodeFixture node, Map<?, ?> document) {
        Map<?, ?> xlog = map(document.get("xlog"));
        node.inRecovery = !xlog.containsKey("location");
        node.serverVersion = (int) number(document.get("server_version"));
        node.postmasterStart = Optional.of(instant(text(document.get("postmaster_start_time"))));
        if (node.inRecovery) {
            node.received = new Lsn(number(xlog.get("received_location")));
            node.replayed = new Lsn(number(xlog.get("replayed_location")));
            node.replayedTimestamp = Optional.ofNullable(xlog.get("replayed_timestamp"))
                    .map(time -> instant(time.toString()));
            node.replayPaused = Boolean.TRUE.equals(xlog.get("paused"));
            node.latestEnd = Optional.of(node.replayed);
        } else {
            node.location = new Lsn(number(xlog.get("location")));
        }
        node.observedTimeline = OptionalInt.of((int) number(document.get("timeline")));
        node.replicationState = Optional.ofNullable(document.get("replication_state")).map(Object::toString);
        List<Map<String, Object>> senders = new ArrayList<>();
        if (document.get("replication") instanceof List<?> rows) {
            rows.forEach(row -> senders.add(tree(row)));
        }
        node.replication = senders;
    }

    /** Takes over what a recorded {@code /cluster} tells of the store. */
    static void applyCluster(NodeFixture node, Map<?, ?> document) {
        List<Member> members = new ArrayList<>();
        List<String> synchronous = new ArrayList<>();
        Optional<LeaderKey> leader = Optional.empty();
        long ahead = 0;
        long exact = 0;
        for (Object element : (List<?>) Objects.requireNonNull(document.get("members"))) {
            Map<?, ?> entry = map(element);
            String name = text(entry.get("name"));
            switch (text(entry.get("role"))) {
                case "leader" -> leader = Optional.of(new LeaderKey(name, 1, "1", name.equals(node.name)));
                case "sync_standby" -> synchronous.add(name);
                default -> {
                    // A replica is in no list.
                }
            }
            if (entry.get("lag") instanceof BigInteger lag) {
                // One that is behind tells the leader's position; one ahead of it only that it was not later.
                long bytes = Lsn.parse(text(entry.get("lsn"))).bytes();
                exact = lag.signum() > 0 ? bytes + lag.longValue() : exact;
                ahead = Math.max(ahead, bytes);
            }
            members.add(member(entry, name));
        }
        node.members = members;
        node.leaderKey = leader;
        node.stored = new StoredStatus(new Lsn(exact > 0 ? exact : ahead), Map.of(), List.of());
        node.sync = synchronous.isEmpty()
                ? SyncState.ABSENT
                : new SyncState(leader.map(LeaderKey::holder), synchronous, 0, 1);
    }

    private static Member member(Map<?, ?> entry, String name) {
        String shown = text(entry.get("state"));
        boolean replicates = shown.equals("streaming") || shown.equals("in archive recovery");
        return new Member(name, Optional.ofNullable(entry.get("api_url")).map(Object::toString),
                Optional.of("postgres://" + entry.get("host") + ":" + entry.get("port") + "/postgres"),
                Optional.empty(), Optional.of(replicates ? "running" : shown), Optional.of("replica"),
                Optional.of("4.1.4"), new Tags(tree(entry.get("tags"))), lsn(entry.get("lsn")),
                lsn(entry.get("receive_lsn")), lsn(entry.get("replay_lsn")),
                replicates ? Optional.of(shown) : Optional.empty(),
                entry.containsKey("timeline")
                        ? OptionalInt.of((int) number(entry.get("timeline")))
                        : OptionalInt.empty(),
                Boolean.TRUE.equals(entry.get("pending_restart")), tree(entry.get("pending_restart_reason")),
                tree(entry.get("scheduled_restart")), false, false, false);
    }

    static void applyHistory(NodeFixture node, List<?> lines) {
        List<TimelineHistory.Entry> entries = new ArrayList<>();
        for (Object element : lines) {
            List<?> line = (List<?>) element;
            entries.add(new TimelineHistory.Entry((int) number(line.get(0)), new Lsn(number(line.get(1))),
                    text(line.get(2)), Optional.of(text(line.get(3))), Optional.of(text(line.get(4)))));
        }
        node.history = new TimelineHistory(entries, 1);
    }

    /** The store holds the text without spaces. */
    static void applyConfig(NodeFixture node, String shown) {
        StringBuilder stored = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < shown.length(); i++) {
            char c = shown.charAt(i);
            quoted ^= c == '"' && shown.charAt(i - 1) != '\\';
            if (quoted || c != ' ') {
                stored.append(c);
            }
        }
        node.config = Optional.of(new ClusterSnapshot.StoredConfig(stored.toString(), 1));
    }

    static void applyFailsafe(NodeFixture node, Map<?, ?> members) {
        TreeMap<String, String> failsafe = new TreeMap<>();
        members.forEach((name, url) -> failsafe.put(text(name), text(url)));
        node.failsafe = failsafe;
    }

    /** Positions and times move between two answers; those of the metrics are in the metrics. */
    static void applyMetrics(NodeFixture node, String text) {
        Map<String, String> series = new TreeMap<>();
        text.lines().filter(line -> !line.startsWith("#")).forEach(line -> series
                .put(line.substring(0, line.indexOf('{')), line.substring(line.lastIndexOf(' ') + 1)));
        node.location = new Lsn(Long.parseLong(series.getOrDefault("patroni_xlog_location", "0")));
        node.received = new Lsn(Long.parseLong(series.getOrDefault("patroni_xlog_received_location", "0")));
        node.replayed = new Lsn(Long.parseLong(series.getOrDefault("patroni_xlog_replayed_location", "0")));
        node.replayedTimestamp = epoch(series.getOrDefault("patroni_xlog_replayed_timestamp", "0"));
        node.postmasterStart = epoch(series.getOrDefault("patroni_postmaster_start_time", "0"));
        node.dcsLastSeen = Long.parseLong(series.getOrDefault("patroni_dcs_last_seen", "0"));
        node.failsafeActive = "1".equals(series.get("patroni_failsafe_mode_is_active"));
        node.failsafe = "1".equals(series.get("patroni_failsafe_member"))
                ? new TreeMap<>(Map.of(node.name, "http://127.0.0.1/patroni"))
                : new TreeMap<>();
    }

    private static Optional<Instant> epoch(String seconds) {
        long micros = Math.round(Double.parseDouble(seconds) * 1e6);
        return micros == 0
                ? Optional.empty()
                : Optional.of(Instant.ofEpochSecond(micros / 1_000_000, micros % 1_000_000 * 1000));
    }

    private static Instant instant(String text) {
        return OffsetDateTime.parse(text.replace(' ', 'T')).toInstant();
    }

    private static Optional<Lsn> lsn(@Nullable Object text) {
        return text == null || text.equals("unknown") ? Optional.empty() : Optional.of(Lsn.parse(text.toString()));
    }

    private static long number(@Nullable Object value) {
        return ((Number) Objects.requireNonNull(value)).longValue();
    }

    private static String text(@Nullable Object value) {
        return Objects.requireNonNull(value).toString();
    }

    private static Map<?, ?> map(@Nullable Object value) {
        return (Map<?, ?>) Objects.requireNonNull(value);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> tree(@Nullable Object value) {
        return value == null ? Collections.emptyMap() : (Map<String, Object>) value;
    }
}
