package org.jpatroni.dcs.zookeeper;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.data.Stat;
import org.jpatroni.dcs.KeyValueClient.Entry;

/**
 * Reads a whole tree at one instant. ZooKeeper reads several named nodes in one request, and no write comes between them, but one must
 * name them beforehand: so ask for data and children of all nodes known, and when the answer names others, ask again for those.
 */
final class TreeShape {

    /** One node as read. */
    record Node(Entry entry, Stat stat, List<String> children) {
    }

    private final String prefix;
    private final String root;
    private NavigableSet<String> paths = new TreeSet<>();
    private NavigableMap<String, Node> nodes = new TreeMap<>();

    /** @param prefix of the keys that are wanted */
    TreeShape(String prefix) {
        this.prefix = prefix;
        int slash = prefix.lastIndexOf('/');
        this.root = slash <= 0 ? "/" : prefix.substring(0, slash);
        paths.add(root);
    }

    List<Op> questions() {
        List<Op> ops = new ArrayList<>();
        for (String path : paths) {
            ops.add(Op.getData(path));
            ops.add(Op.getChildren(path));
        }
        return ops;
    }

    /**
     * Takes the answers to {@link #questions}.
     *
     * @return whether they are complete: no node has a child that was not asked for
     */
    boolean take(List<OpResult> results) {
        NavigableMap<String, Node> found = new TreeMap<>();
        NavigableSet<String> wanted = new TreeSet<>();
        wanted.add(root);
        int at = 0;
        for (String path : paths) {
            OpResult data = results.get(at++);
            OpResult children = results.get(at++);
            if (data instanceof OpResult.GetDataResult value && children instanceof OpResult.GetChildrenResult names) {
                found.put(path, new Node(entry(path, value), value.getStat(), names.getChildren()));
                names.getChildren().stream().map(name -> child(path, name)).filter(this::isWanted).forEach(wanted::add);
            }
        }
        boolean complete = paths.containsAll(wanted);
        paths = wanted;
        nodes = found;
        return complete;
    }

    /** All keys that begin with the prefix, in order. A node that only holds others, or held them once, is a folder and not a key. */
    List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        nodes.forEach((path, node) -> {
            boolean isFolder = node.entry().value().isEmpty() && node.stat().getCversion() > 0;
            if (path.startsWith(prefix) && !isFolder) {
                entries.add(node.entry());
            }
        });
        return entries;
    }

    /** All nodes read, folders too, in order. */
    NavigableSet<String> allPaths() {
        return new TreeSet<>(nodes.keySet());
    }

    private boolean isWanted(String path) {
        return path.startsWith(prefix);
    }

    private static String child(String path, String name) {
        return path.equals("/") ? "/" + name : path + "/" + name;
    }

    /** The version is the id of the transaction that wrote the node last: unlike ZooKeeper's own version, it never comes twice. */
    static Entry entry(String path, OpResult.GetDataResult found) {
        Stat stat = found.getStat();
        byte[] data = found.getData();
        String owner = stat.getEphemeralOwner() == 0 ? "" : Long.toString(stat.getEphemeralOwner());
        return new Entry(path, data == null ? "" : new String(data, StandardCharsets.UTF_8), stat.getMzxid(), owner);
    }
}
