package org.jpatroni.decide;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.ConnectionTarget;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.PostgresView.SlotSettings;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.Upstream;

/** What running servers of member {@code a} say of their replication. */
final class Replications {

    private Replications() {
    }

    static Replication primary(long position, int timeline) {
        return new Replication(false, OptionalInt.of(timeline), Optional.of(new Lsn(position)), Optional.empty(),
                Optional.empty(), false, Optional.empty(), Optional.empty(), Optional.empty(), false, slots(), 150018,
                Optional.empty());
    }

    static Replication standby(long position, String upstream, String receiver) {
        Lsn lsn = new Lsn(position);
        return new Replication(true, OptionalInt.of(1), Optional.empty(), Optional.of(lsn), Optional.of(lsn), false,
                Optional.of(receiver).filter(text -> !text.isEmpty()),
                Optional.of(upstream).filter(text -> !text.isEmpty()).map(name -> "host=" + name + " port=5432"),
                Optional.of(upstream).filter(text -> !text.isEmpty()).map(name -> "a"), false, slots(), 150018,
                Optional.empty());
    }

    /** A standby that follows a member of the cluster through that member's slot for it. */
    static Replication following(Upstream.OfMember upstream, String receiver) {
        ConnectionTarget target = upstream.member().connUrl().flatMap(ConnectionTarget::ofUrl).orElseThrow();
        return follows(target, upstream.slotName(), receiver);
    }

    static Replication followingRemote(Upstream.Remote upstream) {
        return follows(new ConnectionTarget(upstream.host(), upstream.port()), upstream.slotName(), "streaming");
    }

    /** The same, and the remote does not answer. */
    static Replication seekingRemote(Upstream.Remote upstream) {
        return follows(new ConnectionTarget(upstream.host(), upstream.port()), upstream.slotName(), "");
    }

    static Replication fromArchive() {
        Replication r = standby(1000, "", "");
        return new Replication(true, r.timeline(), r.writtenLsn(), r.receivedLsn(), r.replayedLsn(), false,
                r.receiverState(), r.primaryConninfo(), r.primarySlotName(), true, r.slots(), r.serverVersion(),
                r.postmasterStart());
    }

    private static Replication follows(ConnectionTarget target, Optional<String> slotName, String receiver) {
        Replication r = standby(1000, "b", receiver);
        return new Replication(true, r.timeline(), r.writtenLsn(), r.receivedLsn(), r.replayedLsn(), false,
                r.receiverState(), Optional.of("host=" + target.host() + " port=" + target.port()), slotName, false,
                r.slots(), r.serverVersion(), r.postmasterStart());
    }

    static Replication withSlots(Replication r, SortedMap<String, SlotView> slots) {
        return new Replication(r.inRecovery(), r.timeline(), r.writtenLsn(), r.receivedLsn(), r.replayedLsn(),
                r.replayPaused(), r.receiverState(), r.primaryConninfo(), r.primarySlotName(), r.hasRestoreCommand(),
                slots, r.serverVersion(), r.postmasterStart(), r.sync(), r.slotSettings());
    }

    static Replication withSlotSettings(Replication r, SlotSettings settings) {
        return new Replication(r.inRecovery(), r.timeline(), r.writtenLsn(), r.receivedLsn(), r.replayedLsn(),
                r.replayPaused(), r.receiverState(), r.primaryConninfo(), r.primarySlotName(), r.hasRestoreCommand(),
                r.slots(), r.serverVersion(), r.postmasterStart(), r.sync(), settings);
    }

    private static SortedMap<String, SlotView> slots() {
        return new TreeMap<>(Map.of("b", new SlotView(true, false, Optional.of(new Lsn(900))), "c",
                new SlotView(true, false, Optional.of(new Lsn(900)))));
    }

    /** Slots looked after at that time, on the server that runs. */
    static Memory slotsSyncedAt(Memory memory, long nanos) {
        SlotMemory slots = memory.slots();
        return memory.withSlots(slots.withSyncedAt(nanos)
                .withOurs(slots.ours(), Optional.of(new SlotMemory.Look(Optional.empty()))));
    }
}
