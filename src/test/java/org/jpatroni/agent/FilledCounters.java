package org.jpatroni.agent;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jpatroni.dcs.ClusterStore.VerbFigures;
import org.jpatroni.decide.Action;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.PostgresView.SlotView;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.runtime.Histogram;
import org.jpatroni.runtime.Time;

/** An agent's metrics in which every family has something to say. */
public final class FilledCounters {

    private FilledCounters() {
    }

    public static AgentMetrics metrics() {
        LoopCounters loop = new LoopCounters();
        loop.rule("leader.renew-lease");
        loop.cycle(TimeUnit.MILLISECONDS.toNanos(7));
        loop.action(new Action.Promote(), new Action.Result.Done());
        loop.seen(ledBy("node0"));
        loop.seen(ledBy("node1"));
        loop.seen(Optional.of(primary(1_000)));
        OperationCounters operations = new OperationCounters();
        operations.count("switchover", OperationCounters.SUCCESS);
        StatusCounters status = new StatusCounters(Time.system());
        var _ = status.measured(Optional::empty).ask();
        Histogram calls = Histogram.ofSeconds(0.1);
        calls.record(1_000);
        return new AgentMetrics(loop, operations, status,
                () -> List.of(new VerbFigures("renew_lease", calls.snapshot(), 0)));
    }

    static ClusterSnapshot ledBy(String... holder) {
        return new ClusterSnapshot(Optional.empty(), Optional.empty(),
                List.of(holder).stream().findFirst().map(name -> new LeaderKey(name, 1, "1", false)),
                StoredStatus.EMPTY, List.of(), Optional.empty(), SyncState.ABSENT, TimelineHistory.EMPTY,
                new TreeMap<>());
    }

    /** With a slot that keeps 900 bytes less than that, one ahead, and one that keeps nothing. */
    static Replication primary(long written) {
        TreeMap<String, SlotView> slots = new TreeMap<>();
        slots.put("node0", new SlotView(true, true, Optional.of(new Lsn(written - 900))));
        slots.put("ahead", new SlotView(true, true, Optional.of(new Lsn(written + 1))));
        slots.put("unused", new SlotView(true, false, Optional.empty()));
        return new Replication(false, OptionalInt.of(1), Optional.of(new Lsn(written)), Optional.empty(),
                Optional.empty(), false, Optional.empty(), Optional.empty(), Optional.empty(), false, slots, 150_000,
                Optional.empty());
    }
}
