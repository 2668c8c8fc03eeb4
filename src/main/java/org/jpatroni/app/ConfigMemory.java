package org.jpatroni.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jpatroni.agent.VerdictTrace;
import org.jpatroni.config.DynamicConfigCache;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.config.NodeConfig;
import org.jpatroni.dcs.ClusterCodec;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Verdict;
import org.jpatroni.model.DynamicConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dynamic configuration between the store and the file {@code patroni.dynamic.json}: read with the last good one as fallback, cached as
 * soon as there is a data directory, and offered to a store that was wiped.
 */
final class ConfigMemory implements VerdictTrace {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigMemory.class);

    private final NodeConfig node;
    private final Path dataDirectory;
    private final DynamicConfigCache cache;
    private DynamicConfig lastGood = DynamicConfig.DEFAULT;
    private Optional<String> unsaved = Optional.empty();

    ConfigMemory(NodeConfig node) {
        this.node = node;
        this.dataDirectory = Path.of(node.postgres().dataDir());
        this.cache = new DynamicConfigCache(dataDirectory);
    }

    /** The configuration to begin with, and to store where nothing is stored: the cached one, else {@code bootstrap.dcs}. */
    String initial() {
        return cache.load().orElseGet(() -> ClusterCodec.encodeTree(node.bootstrap().dcs()));
    }

    /** Reads what is stored; each bad value falls back alone, with a warning. */
    synchronized DynamicConfig read(String json) {
        DynamicConfigReader.Result result = DynamicConfigReader.read(json, lastGood);
        result.warnings().forEach(warning -> LOG.warn("dynamic configuration: {}", warning));
        lastGood = result.config();
        unsaved = Optional.of(json);
        return lastGood;
    }

    @Override
    public void decided(Facts facts, Verdict verdict) {
        if (verdict.decision() instanceof Decision.Rest) {
            save();
        }
    }

    private synchronized void save() {
        if (unsaved.isEmpty()) {
            return;
        }
        try {
            if (cache.save(unsaved.get())) {
                unsaved = Optional.empty();
            }
        } catch (IOException failure) {
            LOG.warn("{} cannot be written: {}", dataDirectory.resolve(DynamicConfigCache.FILE_NAME),
                    failure.toString());
        }
    }
}
