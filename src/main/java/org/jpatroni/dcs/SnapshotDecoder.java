package org.jpatroni.dcs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Member;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;

/** Turns what lies below the prefix of a cluster into a snapshot. Total: unknown keys are passed over, nonsense is read as absent. */
final class SnapshotDecoder {

    private SnapshotDecoder() {
    }

    /**
     * @param entries everything below the prefix at one instant
     * @param ownSessionId the session of this process; empty when it has none
     */
    static ClusterSnapshot decode(ClusterKeys keys, List<KeyValueClient.Entry> entries, String ownSessionId) {
        Map<String, KeyValueClient.Entry> byKey = new TreeMap<>();
        List<Member> members = new ArrayList<>();
        for (KeyValueClient.Entry entry : entries) {
            byKey.put(entry.key(), entry);
            keys.memberOf(entry.key()).ifPresent(name -> members.add(MemberCodec.decode(name, entry.value())));
        }
        return new ClusterSnapshot(at(byKey, keys.initialize()).map(KeyValueClient.Entry::value),
                at(byKey, keys.config()).map(entry -> new ClusterSnapshot.StoredConfig(entry.value(), entry.version())),
                at(byKey, keys.leader()).filter(entry -> !entry.value().isEmpty())
                        .map(entry -> leaderKey(entry, ownSessionId)),
                at(byKey, keys.status()).or(() -> at(byKey, keys.legacyOptime()))
                        .map(entry -> ClusterCodec.decodeStatus(entry.value())).orElse(StoredStatus.EMPTY),
                members,
                at(byKey, keys.failover())
                        .flatMap(entry -> ClusterCodec.decodeFailover(entry.value(), entry.version())),
                at(byKey, keys.sync()).map(entry -> ClusterCodec.decodeSync(entry.value(), entry.version()))
                        .orElse(SyncState.ABSENT),
                at(byKey, keys.history()).map(entry -> ClusterCodec.decodeHistory(entry.value(), entry.version()))
                        .orElse(TimelineHistory.EMPTY),
                at(byKey, keys.failsafe()).map(entry -> ClusterCodec.decodeFailsafe(entry.value()))
                        .orElseGet(TreeMap::new));
    }

    private static Optional<KeyValueClient.Entry> at(Map<String, KeyValueClient.Entry> byKey, String key) {
        return Optional.ofNullable(byKey.get(key));
    }

    private static LeaderKey leaderKey(KeyValueClient.Entry entry, String ownSessionId) {
        boolean ownSession = !ownSessionId.isEmpty() && entry.sessionId().equals(ownSessionId);
        return new LeaderKey(entry.value(), entry.version(), entry.sessionId(), ownSession);
    }
}
