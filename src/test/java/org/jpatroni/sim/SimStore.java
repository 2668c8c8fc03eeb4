package org.jpatroni.sim;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.MemoryStore;

/**
 * The store as a place in the network: the reference implementation on true time, behind legs that delay, lose and cut. It may be down or
 * read-only. What a client gave up may still arrive.
 */
final class SimStore {

    static final ClusterKeys KEYS = ClusterKeys.of("/service/", "demo");

    private final SimKernel kernel;
    private final SimNetwork network;
    private final MemoryStore memory;
    private final Map<Integer, Integer> configRead = new HashMap<>();
    private int configVersion = 1;
    private boolean down;
    private boolean readOnly;
    private String caller = "";
    private long nextExpiryScheduledNanos = Long.MAX_VALUE;

    SimStore(SimKernel kernel, SimNetwork network) {
        this.kernel = kernel;
        this.network = network;
        this.memory = new MemoryStore(new SimTime(kernel, 0, 0, 0));
        memory.client("config", new SimTime(kernel, 0, 0, 0), Faults.NONE).watch(KEYS.config(),
                event -> configVersion++);
        reconnectRegularly();
    }

    /** For checkers and operators. */
    MemoryStore memory() {
        return memory;
    }

    /** Deletes all keys. */
    void wipe() {
        var _ = memory.client("operator", new SimTime(kernel, 0, 0, 0), Faults.NONE).deletePrefix(KEYS.prefix());
    }

    void setDown(boolean isDown) {
        down = isDown;
    }

    void setReadOnly(boolean isReadOnly) {
        readOnly = isReadOnly;
    }

    boolean isHealthy() {
        return !down && !readOnly;
    }

    /** Whether this node has read the configuration as it is now. */
    boolean hasReadConfig(int node) {
        return configRead.getOrDefault(node, 0) == configVersion;
    }

    /** Whose request is being applied; empty for expiry and operators. */
    String caller() {
        return caller;
    }

    Optional<String> leader() {
        return memory.valueOf(KEYS.leader());
    }

    /** The latest timeline that the stored history knows. */
    int historyTimeline() {
        String history = memory.valueOf(KEYS.history()).orElse("[]");
        return history.split("\\[", -1).length - 1;
    }

    /** A connection of one agent. */
    KeyValueClient connect(SimNode node, SimTime time) {
        Line line = new Line(node, time);
        return new SimKeyValue(kernel, node.name(), memory.client(node.name(), time, line), line);
    }

    private void reconnectRegularly() {
        kernel.afterMillis(1500, () -> {
            memory.reconnect();
            reconnectRegularly();
        });
    }

    /** Keys must disappear, and watches hear of it, when their session is over, not when somebody asks next. */
    private void scheduleExpiry() {
        OptionalLong next = memory.nextExpiryNanos();
        if (next.isPresent() && next.getAsLong() < nextExpiryScheduledNanos) {
            nextExpiryScheduledNanos = next.getAsLong();
            kernel.after(next.getAsLong() - kernel.nowNanos(), () -> {
                nextExpiryScheduledNanos = Long.MAX_VALUE;
                memory.expireDue();
                scheduleExpiry();
            });
        }
    }

    /** One client's way to the store and back. The hooks run on the client's thread and take simulated time. */
    final class Line implements Faults {
        private final SimNode node;
        private final SimTime time;
        private Duration callLimit = Duration.ofSeconds(5);
        private long sentAtNanos;
        private boolean nextIsCheck;
        private int configAtRead;

        Line(SimNode node, SimTime time) {
            this.node = node;
            this.time = time;
        }

        void setCallLimit(Duration limit) {
            callLimit = limit;
        }

        /** The next transaction changes nothing: a read-only store answers it. */
        void nextIsCheck() {
            nextIsCheck = true;
        }

        @Override
        public Fate beforeApply(String verb) {
            sentAtNanos = kernel.nowNanos();
            boolean isCheck = nextIsCheck;
            nextIsCheck = false;
            OptionalLong leg = network.legNanos(node.index(), SimNetwork.STORE);
            if (down && kernel.random().chance(0.5)) {
                sleep(kernel.random().between(100_000, 20_000_000));
                return Fate.LOST;
            }
            if (down || leg.isEmpty()) {
                sleep(callLimit.toNanos());
                return Fate.LOST;
            }
            if (leg.getAsLong() >= callLimit.toNanos()) {
                sleep(callLimit.toNanos());
                kernel.after(leg.getAsLong() - callLimit.toNanos(), this::deliverLate);
                return Fate.LATE;
            }
            sleep(leg.getAsLong());
            boolean change = verb.equals("transact") && !isCheck || verb.equals("deletePrefix");
            if (down || readOnly && change) {
                return down ? Fate.LOST : Fate.REFUSED;
            }
            caller = node.name();
            configAtRead = configVersion;
            return Fate.DELIVERED;
        }

        private void deliverLate() {
            caller = "late";
            memory.deliverLate();
            caller = "";
            scheduleExpiry();
        }

        @Override
        public boolean replyArrives(String verb) {
            caller = "";
            scheduleExpiry();
            long leftNanos = Math.max(0, sentAtNanos + callLimit.toNanos() - kernel.nowNanos());
            OptionalLong leg = network.legNanos(SimNetwork.STORE, node.index());
            if (leg.isEmpty() || leg.getAsLong() > leftNanos) {
                sleep(leftNanos);
                return false;
            }
            sleep(leg.getAsLong());
            if (verb.equals("list")) {
                configRead.put(node.index(), configAtRead);
            }
            return true;
        }

        @Override
        public boolean watchWorks() {
            return !down && node.isPowered() && network.isConnected(SimNetwork.STORE, node.index());
        }

        private void sleep(long nanos) {
            try {
                time.sleep(Duration.ofNanos(nanos));
            } catch (InterruptedException told) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
