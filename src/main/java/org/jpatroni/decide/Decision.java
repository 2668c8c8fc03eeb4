package org.jpatroni.decide;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.SlotStep;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;

/** One thing to do next. After each, facts are refreshed and the rules are asked again, until they say {@link Rest}. */
public sealed interface Decision {

    /** Nothing more to do in this cycle; look again after so long, or earlier when woken. */
    record Rest(Duration limit) implements Decision {
    }

    /** Create the leader key. */
    record AcquireLease() implements Decision {
    }

    /** Prove and extend the lease, and tell the leader's position. */
    record RenewLease(Optional<StoredStatus> status) implements Decision {
    }

    /** Delete the leader key; with the position of the shutdown checkpoint when PostgreSQL was stopped in order. */
    record ReleaseLease(Optional<Lsn> shutdownLsn) implements Decision {
    }

    /** Ask other members for role and position. */
    record AskPeers(List<Member> members) implements Decision {
        public AskPeers {
            members = members.stream().toList();
        }
    }

    /**
     * Ask all members that must agree whether this primary may go on without the store.
     *
     * @param members name to API URL, without this node; empty when it is the only one
     * @param limit for all answers together
     */
    record AskFailsafe(SortedMap<String, String> members, FailsafePing ping, Duration limit) implements Decision {
        public AskFailsafe {
            members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
        }
    }

    /** Store the members that must agree in failsafe mode, name to API URL; none: delete the key. */
    record WriteFailsafe(SortedMap<String, String> members) implements Decision {
        public WriteFailsafe {
            members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
        }
    }

    /** Write this member's key. */
    record PublishMember(Member member) implements Decision {
    }

    /** Take part in the race to bootstrap: create {@code initialize} empty. */
    record ClaimInitialize() implements Decision {
    }

    /** Write the system identifier under {@code initialize}. */
    record WriteInitialize(String systemIdentifier, boolean create) implements Decision {
    }

    /** Delete {@code initialize} after a failed bootstrap. */
    record CancelInitialize() implements Decision {
    }

    /** Store the first dynamic configuration. */
    record WriteConfig() implements Decision {
    }

    /** Bring {@code history} up to this timeline. */
    record UpdateHistory(int timeline) implements Decision {
    }

    /** Delete the request to move the leader. */
    record ClearFailover(long version) implements Decision {
    }

    /** Store who may take over without losing an acknowledged commit; the version inside is the one that is replaced. */
    record WriteSync(SyncState state) implements Decision {
    }

    /** Set whom commits wait for. Empty: the configuration decides. */
    record SetStandbyNames(Optional<StandbyNames> names) implements Decision {
    }

    /** Make the replication slots as wanted. */
    record SyncSlots(List<SlotStep> steps) implements Decision {
        public SyncSlots {
            steps = steps.stream().toList();
        }
    }

    /** Show another role without doing anything to PostgreSQL. */
    record ShowRole(PostgresRole role) implements Decision {
    }

    /** Show another role of a server that does not run, and report it with {@code on_role_change}. */
    record AnnounceRole(PostgresRole role) implements Decision {
    }

    /** Open the watchdog device, so that the machine is reset when the lease is not confirmed in time. */
    record ActivateWatchdog() implements Decision {
    }

    /** Begin a long action. */
    record Begin(Action action) implements Decision {
    }

    /** Cancel the long action that is running. */
    record CancelAction() implements Decision {
    }

    /**
     * Tell the operator why the order is not carried out.
     *
     * @param detail what is in the way, or empty
     */
    record RefuseOrder(long order, Order.Refusal refusal, String detail) implements Decision {
    }

    /** Forget the scheduled restart. */
    record DropScheduledRestart(long order) implements Decision {
    }

    /** End the agent. */
    record Halt(int exitCode) implements Decision {
    }
}
