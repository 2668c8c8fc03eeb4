package org.jpatroni.dcs;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.dcs.KeyValueClient.Entry;
import org.jpatroni.model.ClusterSnapshot;

/** Reads the other groups of a sharded cluster: each is a cluster of its own below the same scope. */
public final class GroupReader {

    private static final Pattern GROUP = Pattern.compile("(0|[1-9][0-9]{0,8})/.*", Pattern.DOTALL);

    private final KeyValueClient client;
    private final ClusterKeys scope;

    /** @param scope the keys above the groups */
    public GroupReader(KeyValueClient client, ClusterKeys scope) {
        this.client = client;
        this.scope = scope;
    }

    /** All groups by number, at one instant. */
    public SortedMap<Integer, ClusterSnapshot> all() throws StoreUnavailableException {
        SortedMap<Integer, List<Entry>> entries = new TreeMap<>();
        for (Entry entry : client.list(scope.prefix())) {
            Matcher group = GROUP.matcher(entry.key().substring(scope.prefix().length()));
            if (group.matches()) {
                entries.computeIfAbsent(Integer.valueOf(group.group(1)), number -> new ArrayList<>()).add(entry);
            }
        }
        SortedMap<Integer, ClusterSnapshot> groups = new TreeMap<>();
        entries.forEach((number, below) -> groups.put(number,
                SnapshotDecoder.decode(scope.ofGroup(number), below, client.sessionId())));
        return groups;
    }

    /** One group; empty when there is none of that number. */
    public ClusterSnapshot one(int group) throws StoreUnavailableException {
        ClusterKeys keys = scope.ofGroup(group);
        return SnapshotDecoder.decode(keys, client.list(keys.prefix()), client.sessionId());
    }
}
