package org.jpatroni.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Expect;

/**
 * Translates expectations and changes into operations on nodes that were just read. Every operation carries the version read, so that the
 * transaction proves at the moment of its commit that nothing changed in between, and so that one that lands late does nothing.
 */
final class TransactionPlan {

    /** What a node looks like at this point of the plan. A version of ZooKeeper begins at 0 with each creation. */
    private record Node(int version, long owner) {
    }

    private final long sessionId;
    private final List<ACL> acls;
    private final Map<String, Node> nodes = new TreeMap<>();
    private final List<Op> ops = new ArrayList<>();
    private final NavigableSet<String> ownedThroughout = new TreeSet<>();
    private Optional<String> refusal = Optional.empty();

    private TransactionPlan(long sessionId, List<ACL> acls, Map<String, Stat> stats) {
        this.sessionId = sessionId;
        this.acls = acls;
        stats.forEach((path, stat) -> nodes.put(path, new Node(stat.getVersion(), stat.getEphemeralOwner())));
    }

    /** Nodes to read before planning: the keys themselves, and the parents of what may be created. */
    static NavigableSet<String> paths(List<Expect> expectations, List<Change> changes) {
        NavigableSet<String> paths = new TreeSet<>();
        expectations.forEach(expect -> addWithParents(paths, key(expect)));
        changes.forEach(change -> addWithParents(paths, key(change)));
        return paths;
    }

    /** @param stats the nodes of {@link #paths} that exist */
    static TransactionPlan of(List<Expect> expectations, List<Change> changes, Map<String, Stat> stats, long sessionId,
            List<ACL> acls) {
        TransactionPlan plan = new TransactionPlan(sessionId, acls, stats);
        for (Expect expect : expectations) {
            plan.refusal = plan.refusal.or(() -> plan.refuse(expect, Optional.ofNullable(stats.get(key(expect)))));
        }
        if (plan.refusal.isEmpty()) {
            expectations.forEach(expect -> plan.addProof(expect, changes));
            changes.forEach(plan::addChange);
        }
        return plan;
    }

    /** Why the expectations do not hold; empty when they do. */
    Optional<String> refusal() {
        return refusal;
    }

    List<Op> ops() {
        return ops;
    }

    /** Keys that were this session's before, and must be the same nodes after it. */
    NavigableSet<String> ownedThroughout() {
        return ownedThroughout;
    }

    private Optional<String> refuse(Expect expect, Optional<Stat> stat) {
        return switch (expect) {
            case Expect.Absent(String key) -> stat.map(present -> key + " exists");
            case Expect.Version(String key, long version) -> {
                if (stat.isEmpty()) {
                    yield Optional.of(key + " is gone");
                }
                long found = stat.get().getMzxid();
                yield found == version
                        ? Optional.empty()
                        : Optional.of(key + " has version " + found + ", not " + version);
            }
            case Expect.OwnSession(String key) -> {
                if (stat.isEmpty()) {
                    yield Optional.of(key + " is gone");
                }
                yield stat.get().getEphemeralOwner() == sessionId
                        ? Optional.empty()
                        : Optional.of(key + " hangs on another session");
            }
        };
    }

    private void addProof(Expect expect, List<Change> changes) {
        String key = key(expect);
        if (expect instanceof Expect.Absent) {
            boolean createdAnyway = changes.stream().filter(change -> key(change).equals(key)).findFirst()
                    .filter(Change.Put.class::isInstance).isPresent();
            if (!createdAnyway) {
                // There is no check for absence; creating and deleting is one.
                addParents(key);
                ops.add(Op.create(key, new byte[0], acls, CreateMode.PERSISTENT));
                ops.add(Op.delete(key, 0));
            }
            return;
        }
        ops.add(Op.check(key, node(key).version()));
        if (expect instanceof Expect.OwnSession && changes.stream().noneMatch(change -> key(change).equals(key))) {
            ownedThroughout.add(key);
        }
    }

    private void addChange(Change change) {
        switch (change) {
            case Change.Put(String key, String value, boolean inSession) -> put(key, value, inSession);
            case Change.Delete(String key) -> {
                if (nodes.containsKey(key)) {
                    ops.add(Op.delete(key, node(key).version()));
                    nodes.remove(key);
                }
            }
        }
    }

    private void put(String key, String value, boolean inSession) {
        byte[] data = value.getBytes(StandardCharsets.UTF_8);
        long wantedOwner = inSession ? sessionId : 0;
        if (nodes.containsKey(key)) {
            Node node = node(key);
            if (node.owner() == wantedOwner) {
                ops.add(Op.setData(key, data, node.version()));
                nodes.put(key, new Node(node.version() + 1, wantedOwner));
                return;
            }
            // A node cannot change hands; delete and create in one transaction is the same for everybody else.
            ops.add(Op.delete(key, node.version()));
        } else {
            addParents(key);
        }
        ops.add(Op.create(key, data, acls, inSession ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT));
        nodes.put(key, new Node(0, wantedOwner));
    }

    private void addParents(String key) {
        for (int slash = key.indexOf('/', 1); slash > 0; slash = key.indexOf('/', slash + 1)) {
            String parent = key.substring(0, slash);
            if (!nodes.containsKey(parent)) {
                ops.add(Op.create(parent, new byte[0], acls, CreateMode.PERSISTENT));
                nodes.put(parent, new Node(0, 0));
            }
        }
    }

    private Node node(String key) {
        Node node = nodes.get(key);
        if (node == null) {
            throw new IllegalStateException("not read before planning: " + key);
        }
        return node;
    }

    private static void addWithParents(NavigableSet<String> paths, String key) {
        for (int slash = key.indexOf('/', 1); slash > 0; slash = key.indexOf('/', slash + 1)) {
            paths.add(key.substring(0, slash));
        }
        paths.add(key);
    }

    static String key(Expect expect) {
        return switch (expect) {
            case Expect.Absent(String key) -> key;
            case Expect.Version(String key, long version) -> key;
            case Expect.OwnSession(String key) -> key;
        };
    }

    static String key(Change change) {
        return switch (change) {
            case Change.Put(String key, String value, boolean inSession) -> key;
            case Change.Delete(String key) -> key;
        };
    }
}
