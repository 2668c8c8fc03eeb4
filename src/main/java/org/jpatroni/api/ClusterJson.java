package org.jpatroni.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.TimelineHistory;
import org.jspecify.annotations.Nullable;

/** The bodies of {@code /cluster} and {@code /history}, made from the store alone. */
final class ClusterJson {

    private static final int POSTGRES_PORT = 5432;

    private ClusterJson() {
    }

    /** The members with role, state, addresses and lag, then what concerns the cluster as a whole. */
    static Map<String, @Nullable Object> document(ClusterSnapshot cluster, ClusterModes modes, String scope) {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        List<Map<String, @Nullable Object>> members = new ArrayList<>();
        for (Member member : cluster.members()) {
            members.add(member(member, cluster, modes));
        }
        document.put("members", members);
        if (modes.paused()) {
            document.put("pause", true);
        }
        cluster.failover().filter(request -> request.scheduledAt().isPresent())
                .ifPresent(request -> document.put("scheduled_switchover", scheduled(request)));
        document.put("scope", scope);
        return document;
    }

    private static Map<String, @Nullable Object> member(Member member, ClusterSnapshot cluster, ClusterModes modes) {
        String role = role(member, cluster, modes);
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("name", member.name());
        entry.put("role", role);
        entry.put("state", state(member, role));
        entry.put("api_url", member.apiUrl().orElse(null));
        member.connUrl().ifPresent(url -> putAddress(entry, url));
        member.timeline().ifPresent(timeline -> entry.put("timeline", timeline));
        if (member.pendingRestart()) {
            entry.put("pending_restart", true);
        }
        putUnlessEmpty(entry, "pending_restart_reason", member.pendingRestartReason());
        putUnlessEmpty(entry, "scheduled_restart", member.scheduledRestart());
        putUnlessEmpty(entry, "tags", member.tags().values());
        if (!cluster.isLeader(member.name())) {
            long leaderBytes = cluster.status().leaderLsn().bytes();
            putLag(entry, "receive_lsn", "receive_lag", member.receiveLsn(), leaderBytes);
            putLag(entry, "replay_lsn", "replay_lag", member.replayLsn(), leaderBytes);
            putLag(entry, "lsn", "lag", member.xlogLocation(), leaderBytes);
        }
        return entry;
    }

    /** The state of its replication, where it has one, says more than that of its PostgreSQL. */
    static String state(Member member, String role) {
        Optional<String> replication = role.equals("leader")
                ? Optional.empty()
                : member.replicationState().filter(state -> !state.isEmpty());
        return replication.or(member::state).orElse("");
    }

    static String role(Member member, ClusterSnapshot cluster, ClusterModes modes) {
        if (cluster.isLeader(member.name())) {
            return modes.standbyCluster() ? "standby_leader" : "leader";
        }
        if (modes.synchronous() && cluster.sync().matches(member.name())) {
            return modes.quorum() ? "quorum_standby" : "sync_standby";
        }
        return "replica";
    }

    private static void putUnlessEmpty(Map<String, @Nullable Object> entry, String key,
            Map<String, @Nullable Object> value) {
        if (!value.isEmpty()) {
            entry.put(key, value);
        }
    }

    /** A position that is unknown or zero is "unknown"; one ahead of what the leader last told is not behind. */
    private static void putLag(Map<String, @Nullable Object> entry, String lsnKey, String lagKey, Optional<Lsn> lsn,
            long leaderBytes) {
        if (lsn.isEmpty() || lsn.get().bytes() == 0) {
            entry.put(lsnKey, "unknown");
            entry.put(lagKey, "unknown");
        } else {
            entry.put(lagKey, Math.max(0, leaderBytes - lsn.get().bytes()));
            entry.put(lsnKey, lsn.get().toString());
        }
    }

    /**
     * Host and port of {@code postgres://user@host:port/database}. Read by hand, because host names with underscores are common inside
     * containers and {@link java.net.URI} refuses them. What cannot be read is left out: another member wrote it.
     */
    private static void putAddress(Map<String, @Nullable Object> entry, String connUrl) {
        int scheme = connUrl.indexOf("://");
        if (scheme < 0) {
            return;
        }
        String authority = connUrl.substring(scheme + 3).split("[/?#]", 2)[0];
        authority = authority.substring(authority.lastIndexOf('@') + 1);
        int hostEnd = authority.startsWith("[") ? authority.indexOf(']') + 1 : Math.max(0, authority.lastIndexOf(':'));
        if (!authority.startsWith("[") && authority.indexOf(':') < 0) {
            hostEnd = authority.length();
        }
        String host = authority.substring(authority.startsWith("[") ? 1 : 0,
                authority.startsWith("[") ? Math.max(1, hostEnd - 1) : hostEnd);
        if (host.isEmpty()) {
            return;
        }
        String port = authority.substring(hostEnd);
        try {
            int number = port.length() > 1 ? Integer.parseInt(port.substring(1)) : POSTGRES_PORT;
            entry.put("host", host.toLowerCase(Locale.ROOT));
            entry.put("port", number);
        } catch (NumberFormatException unreadable) {
            return;
        }
    }

    private static Map<String, @Nullable Object> scheduled(FailoverRequest request) {
        Map<String, @Nullable Object> scheduled = new LinkedHashMap<>();
        scheduled.put("at", request.scheduledAt().map(PythonTime::iso).orElse(null));
        request.leader().filter(name -> !name.isEmpty()).ifPresent(name -> scheduled.put("from", name));
        request.candidate().filter(name -> !name.isEmpty()).ifPresent(name -> scheduled.put("to", name));
        return scheduled;
    }

    /** One list per timeline that ended: timeline, position, reason, and time and new leader where they are known. */
    static List<List<@Nullable Object>> history(TimelineHistory history) {
        List<List<@Nullable Object>> lines = new ArrayList<>();
        for (TimelineHistory.Entry entry : history.entries()) {
            List<@Nullable Object> line = new ArrayList<>();
            line.add(entry.timeline());
            line.add(entry.switchPoint().bytes());
            line.add(entry.reason());
            entry.timestamp().ifPresent(line::add);
            if (entry.timestamp().isPresent()) {
                entry.newLeader().ifPresent(line::add);
            }
            lines.add(line);
        }
        return lines;
    }
}
