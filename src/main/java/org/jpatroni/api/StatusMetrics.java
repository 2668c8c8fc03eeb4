package org.jpatroni.api;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresObservation;
import org.jpatroni.model.PostgresObservation.Sender;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.MetricFamily;

/** Role, lease, lag and members, from the same answer of PostgreSQL and the same status of the loop as Patroni's series. */
final class StatusMetrics {

    private final LagClock receiveClock = new LagClock();
    private final LagClock replayClock = new LagClock();
    private final SenderClock senderClock = new SenderClock();

    /**
     * All families, also those that say nothing of a node in this role.
     *
     * @param nowNanos monotonic time of the answer
     * @param wall the same moment on the wall clock, for the commit times that PostgreSQL tells
     */
    List<MetricFamily> families(StatusView view, long nowNanos, Instant wall) {
        List<MetricFamily> families = new ArrayList<>();
        role(families, view, nowNanos);
        ages(families, view, nowNanos);
        ownLag(families, view, nowNanos, wall);
        members(families, view, nowNanos);
        senders(families, view, nowNanos);
        return families;
    }

    private static void role(List<MetricFamily> families, StatusView view, long nowNanos) {
        HaStatus ha = view.ha();
        families.add(MetricFamily.gauge("jpatroni_leader",
                "Value is 1 if this node holds the leader lease at this moment, 0 otherwise.",
                ha.holdsLease(nowNanos) ? 1 : 0));
        boolean primary = HealthRules.check(HealthCheck.PRIMARY, view, HealthQuery.NONE, nowNanos).isOk();
        families.add(MetricFamily.gauge("jpatroni_primary",
                "Value is 1 if GET /primary is answered with 200: leader, running, promoted. 0 otherwise.",
                primary ? 1 : 0));
        MetricFamily.Builder lease = MetricFamily.gauges("jpatroni_lease_remaining_seconds",
                "Time until the leader lease of this node ends if it is not renewed. Only on the leader.");
        ha.leaseDeadlineNanos().ifPresent(deadline -> lease.add(Math.max(0, (deadline - nowNanos) / 1e9)));
        families.add(lease.build());
    }

    private static void ages(List<MetricFamily> families, StatusView view, long nowNanos) {
        HaStatus ha = view.ha();
        families.add(MetricFamily.gauge("jpatroni_ha_heartbeat_age_seconds",
                "Time since the HA loop made its last step.", age(nowNanos, ha.heartbeatAtNanos())));
        MetricFamily.Builder snapshot = MetricFamily.gauges("jpatroni_dcs_snapshot_age_seconds",
                "Age of what the HA loop knows of the DCS.");
        if (ha.snapshot().isPresent()) {
            snapshot.add(age(nowNanos, ha.snapshotAtNanos()));
        }
        families.add(snapshot.build());
        MetricFamily.Builder observation = MetricFamily.gauges("jpatroni_postgres_observation_age_seconds",
                "Age of the answer of PostgreSQL that this scrape rests on.");
        view.observation().ifPresent(seen -> observation.add(age(nowNanos, seen.begunAtNanos())));
        families.add(observation.build());
    }

    private static double age(long nowNanos, long atNanos) {
        return Math.max(0, (nowNanos - atNanos) / 1e9);
    }

    private void ownLag(List<MetricFamily> families, StatusView view, long nowNanos, Instant wall) {
        MetricFamily.Builder receiveBytes = MetricFamily.gauges("jpatroni_receive_lag_bytes",
                "WAL that the leader has, as far as this node knows, and this node has not received. Only on a standby.");
        MetricFamily.Builder replayBytes = MetricFamily.gauges("jpatroni_replay_lag_bytes",
                "WAL that the leader has, as far as this node knows, and this node has not replayed: what lag= of a health check"
                        + " is compared with. Only on a standby.");
        MetricFamily.Builder receiveSeconds = MetricFamily.gauges("jpatroni_receive_lag_seconds",
                "How long ago the leader was where this node has received to, at most; 0 if it has received all. Only on a standby.");
        MetricFamily.Builder replaySeconds = MetricFamily.gauges("jpatroni_replay_lag_seconds",
                "How long ago the leader was where this node has replayed to, at most; 0 if it has replayed all. Only on a standby.");
        long leader = view.leaderPosition();
        Optional<PostgresObservation> standby = view.observation().filter(PostgresObservation::inRecovery);
        if (standby.isPresent() && leader > 0) {
            long received = standby.get().receivedLocation().bytes();
            long replayed = standby.get().replayedLocation().bytes();
            receiveBytes.add(Math.max(0, leader - received));
            replayBytes.add(Math.max(0, leader - replayed));
            // What was replayed last bounds both: at its commit the leader was no further.
            OptionalDouble sinceCommit = standby.get().replayedTimestamp()
                    .map(commit -> OptionalDouble.of(Math.max(0, Duration.between(commit, wall).toNanos() / 1e9)))
                    .orElse(OptionalDouble.empty());
            smaller(receiveClock.seconds(nowNanos, leader, received), sinceCommit).ifPresent(receiveSeconds::add);
            smaller(replayClock.seconds(nowNanos, leader, replayed), sinceCommit).ifPresent(replaySeconds::add);
        }
        families.addAll(List.of(receiveBytes.build(), replayBytes.build(), receiveSeconds.build(),
                replaySeconds.build()));
    }

    private static OptionalDouble smaller(OptionalDouble a, OptionalDouble b) {
        return a.isPresent() && b.isPresent()
                ? OptionalDouble.of(Math.min(a.getAsDouble(), b.getAsDouble()))
                : a.isPresent() ? a : b;
    }

    private static void members(List<MetricFamily> families, StatusView view, long nowNanos) {
        MetricFamily.Builder state = MetricFamily.gauges("jpatroni_member_state",
                "Value is 1 for role and state of a member as GET /cluster shows them. Only on the leader.");
        MetricFamily.Builder streaming = MetricFamily.gauges("jpatroni_member_streaming",
                "Value is 1 if a member's key in the DCS says that it streams, 0 otherwise. Only on the leader.");
        MetricFamily.Builder receive = MetricFamily.gauges("jpatroni_member_receive_lag_bytes",
                "WAL that a member has not received, from its key in the DCS and the position of the leader stored there: receive_lag"
                        + " of GET /cluster. Only on the leader.");
        MetricFamily.Builder replay = MetricFamily.gauges("jpatroni_member_replay_lag_bytes",
                "WAL that a member has not replayed, from its key in the DCS and the position of the leader stored there: replay_lag"
                        + " of GET /cluster. Only on the leader.");
        if (view.ha().holdsLease(nowNanos) && view.cluster().isPresent()) {
            ClusterSnapshot cluster = view.cluster().get();
            ClusterModes modes = ClusterModes.of(view.ha().dynamic());
            for (Member member : cluster.members()) {
                String name = member.name();
                String role = ClusterJson.role(member, cluster, modes);
                state.add(1, "member", name, "role", role, "state", ClusterJson.state(member, role));
                if (!cluster.isLeader(name)) {
                    streaming.add(member.replicationState().filter("streaming"::equals).isPresent() ? 1 : 0, "member",
                            name);
                    lag(receive, name, member.receiveLsn(), cluster);
                    lag(replay, name, member.replayLsn(), cluster);
                }
            }
        }
        families.addAll(List.of(state.build(), streaming.build(), receive.build(), replay.build()));
    }

    /** By member: other clients that stream may share a name, and there may be any number of them. */
    private void senders(List<MetricFamily> families, StatusView view, long nowNanos) {
        MetricFamily.Builder flush = MetricFamily.gauges("jpatroni_sender_flush_lag_bytes",
                "WAL that this server can send and that a member streaming from it has not flushed, from pg_stat_replication.");
        MetricFamily.Builder replay = MetricFamily.gauges("jpatroni_sender_replay_lag_bytes",
                "WAL that this server can send and that a member streaming from it has not replayed, from pg_stat_replication.");
        MetricFamily.Builder seconds = MetricFamily.gauges("jpatroni_sender_replay_lag_seconds",
                "How long ago this server was where a member streaming from it has replayed to: replay_lag of pg_stat_replication, or"
                        + " longer when the member stands still; 0 if it has replayed all.");
        view.observation().ifPresent(observation -> {
            long sendable = observation.sendable().bytes();
            SortedMap<String, Sender> byMember = new TreeMap<>();
            observation.senders().stream().filter(sender -> isMember(view.ha(), sender.applicationName()))
                    .forEach(sender -> byMember.merge(sender.applicationName(), sender, StatusMetrics::further));
            byMember.forEach((member, sender) -> {
                sender.flushed().ifPresent(
                        lsn -> flush.add(Math.max(0, sendable - lsn.bytes()), "member", member));
                sender.replayed().ifPresent(
                        lsn -> replay.add(Math.max(0, sendable - lsn.bytes()), "member", member));
                sender.replayed().ifPresent(lsn -> {
                    boolean behind = lsn.bytes() < sendable;
                    double still = senderClock.stoodStillSeconds(member, lsn.bytes(), behind, nowNanos);
                    seconds.add(behind ? Math.max(still, sender.replayLagSeconds().orElse(0)) : 0, "member", member);
                });
            });
            senderClock.keepOnly(byMember.keySet());
        });
        families.addAll(List.of(flush.build(), replay.build(), seconds.build()));
    }

    private static boolean isMember(HaStatus ha, String name) {
        return ha.snapshot().isPresent() && ha.snapshot().get().member(name).isPresent();
    }

    /** A member that has come back may have a sender left from before. */
    private static Sender further(Sender a, Sender b) {
        return a.flushed().orElse(Lsn.ZERO).isAfter(b.flushed().orElse(Lsn.ZERO)) ? a : b;
    }

    private static void lag(MetricFamily.Builder family, String member, Optional<Lsn> position,
            ClusterSnapshot cluster) {
        position.filter(lsn -> lsn.bytes() > 0).ifPresent(
                lsn -> family.add(Math.max(0, cluster.status().leaderLsn().bytes() - lsn.bytes()), "member", member));
    }
}
