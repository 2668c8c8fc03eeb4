package org.jpatroni.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.node.ConfigTag;
import org.jpatroni.node.FreshSnapshot;
import org.jpatroni.node.HaStatus;
import org.jspecify.annotations.Nullable;

/** What is known of the store, shared by the requests that waited for it. */
final class ClusterPage {

    private final Optional<FreshSnapshot> snapshot;
    private final HaStatus ha;
    private final long nowNanos;
    private @Nullable Response cluster;

    ClusterPage(Optional<FreshSnapshot> snapshot, HaStatus ha, long nowNanos) {
        this.snapshot = snapshot;
        this.ha = ha;
        this.nowNanos = nowNanos;
    }

    /** The page that the loop's own last snapshot makes, when there is one. */
    static Optional<ClusterPage> ofLoop(HaStatus ha, long nowNanos) {
        boolean stale = nowNanos - ha.snapshotAtNanos() >= ha.dynamic().ttlSeconds() * 1_000_000_000L;
        return ha.snapshot().map(cluster -> new ClusterPage(
                Optional.of(new FreshSnapshot(cluster, ha.snapshotAtNanos(), stale)), ha, nowNanos));
    }

    Response cluster() {
        Response response = cluster;
        if (response == null) {
            response = snapshot.isPresent() ? clusterOf(snapshot.get()) : neverSeen();
            cluster = response;
        }
        return response;
    }

    private Response clusterOf(FreshSnapshot known) {
        ClusterSnapshot stored = known.snapshot();
        Map<String, @Nullable Object> document = ClusterJson.document(stored, ClusterModes.of(stored, ha.dynamic()),
                ha.scope());
        if (known.stale()) {
            document.put("stale", true);
        }
        return Response.json(200, document, staleLines());
    }

    Response history() {
        return snapshot.isEmpty()
                ? neverSeen()
                : Response.json(200, ClusterJson.history(snapshot.get().snapshot().history()), staleLines());
    }

    /** The configuration as stored: what Python would print after reading it, so that checksums of clients hold. */
    Response config(boolean asJson) {
        if (snapshot.isEmpty()) {
            return neverSeen();
        }
        Optional<ClusterSnapshot.StoredConfig> config = snapshot.get().snapshot().config();
        if (config.isEmpty()) {
            return Response.error(502, "no configuration is stored", asJson);
        }
        try {
            return Response.json(200, PythonJsonReader.read(config.get().json()),
                    WireFormat.headerLine("ETag", ConfigTag.of(config.get().json())) + staleLines());
        } catch (IllegalArgumentException unreadable) {
            return Response.error(502, "the stored configuration is not JSON", asJson);
        }
    }

    private Response neverSeen() {
        Map<String, @Nullable Object> document = new LinkedHashMap<>();
        document.put("error", "the store has not been read yet");
        document.put("scope", ha.scope());
        return Response.json(503, document, WireFormat.headerLine("Retry-After", "1"));
    }

    /** Says how old an answer is that does not come from the store just now. */
    private String staleLines() {
        if (snapshot.isEmpty() || !snapshot.get().stale()) {
            return "";
        }
        long ageSeconds = Math.max(0, (nowNanos - snapshot.get().readAtNanos()) / 1_000_000_000L);
        return WireFormat.headerLine("Age", Long.toString(ageSeconds))
                + WireFormat.headerLine("X-Patroni-Stale", "true");
    }
}
