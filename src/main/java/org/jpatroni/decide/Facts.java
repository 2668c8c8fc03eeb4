package org.jpatroni.decide;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.Tags;
import org.jpatroni.model.WatchdogStatus;

/**
 * Everything that was observed, each with its age. All times are of the monotonic clock.
 *
 * @param node what does not change while the agent runs
 * @param nowNanos the present moment
 * @param wallNow the present moment for people, only for scheduled requests
 * @param cycleStartNanos when this cycle began; facts younger than this are of this cycle
 * @param cluster the store
 * @param postgres the local server
 * @param state shown state of the local server
 * @param role shown role of the local server
 * @param lease what is known of the leader lease
 * @param peers answers of other members
 * @param running the long action under way
 * @param dynamic cluster-wide settings in force
 * @param tags local tags
 * @param request what the operator asked of this agent
 * @param canRewind pg_rewind is configured and possible
 * @param checkpointPending promoted, and the first checkpoint on the new timeline is not finished
 * @param orders what operators have asked of this node and was not begun yet
 * @param watchdog the watchdog device of this node
 * @param failsafe what members agreed on while the store does not answer
 * @param handover position of the shutdown checkpoint of a planned stop, until the lease was released
 */
public record Facts(Node node, long nowNanos, Instant wallNow, long cycleStartNanos, ClusterView cluster,
        PostgresView postgres, PostgresState state, PostgresRole role, LeaseView lease, PeersView peers,
        Optional<Running> running, DynamicConfig dynamic, Tags tags, Request request, boolean canRewind,
        Optional<Lsn> handover, boolean checkpointPending, Order.Pending orders, WatchdogStatus watchdog,
        Failsafe failsafe) {

    /** The same with other orders. */
    Facts withOrders(Order.Pending changed) {
        return new Facts(node, nowNanos, wallNow, cycleStartNanos, cluster, postgres, state, role, lease, peers,
                running,
                dynamic, tags, request, canRewind, handover, checkpointPending, changed, watchdog, failsafe);
    }

    /**
     * @param name of this member
     * @param version of the contract, for the member key
     * @param mayBootstrap the local configuration has a section {@code bootstrap}
     * @param clonesWithoutLeader a replica method needs no leader
     * @param citusDatabase in which the extension Citus is, on a node of a sharded cluster
     */
    public record Node(String name, String apiUrl, String connUrl, Optional<String> proxyUrl, String version,
            boolean mayBootstrap, boolean clonesWithoutLeader, Optional<String> citusDatabase) {

        /** A node of a cluster that is not sharded. */
        public Node(String name, String apiUrl, String connUrl, Optional<String> proxyUrl, String version,
                boolean mayBootstrap, boolean clonesWithoutLeader) {
            this(name, apiUrl, connUrl, proxyUrl, version, mayBootstrap, clonesWithoutLeader, Optional.empty());
        }
    }

    /** The store as far as it is known. */
    public sealed interface ClusterView {

        /** Read in this cycle. */
        record Seen(ClusterSnapshot snapshot, long atNanos) implements ClusterView {
        }

        /** Could not be read. */
        record Unreachable(long sinceNanos, Optional<ClusterSnapshot> last, String cause) implements ClusterView {
        }
    }

    /** The leader lease as far as this node knows. */
    public sealed interface LeaseView {

        /**
         * Confirmed by the store.
         *
         * @param confirmedAtNanos when the confirmed request was sent
         * @param deadlineNanos until when it holds
         */
        record Held(long confirmedAtNanos, long deadlineNanos, long attemptedAtNanos) implements LeaseView {
        }

        /** @param renewedAtNanos when the store was last asked to extend or to adopt it */
        record NotHeld(long attemptedAtNanos, long renewedAtNanos) implements LeaseView {
        }

        /** When the store was last asked to grant or extend it, whatever the outcome. */
        long attemptedAtNanos();
    }

    /**
     * The long action under way.
     *
     * @param cancelled it was told to end
     */
    public record Running(Action action, boolean cancelled, long sinceNanos) {
    }

    /**
     * Answers of other members.
     *
     * @param askedAtNanos when they were asked; answers from before this cycle are not used
     */
    public record PeersView(long askedAtNanos, List<PeerAnswer> answers) {
        public PeersView {
            answers = answers.stream().toList();
        }
    }

    /** What the operator asked of this agent. */
    public enum Request {
        NONE, SHUTDOWN
    }
}
