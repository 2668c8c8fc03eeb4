package org.jpatroni.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;

/**
 * The effective section {@code postgresql}: local over dynamic over defaults, as Patroni merges them. Recomputed whenever either side
 * changes.
 *
 * @param parameters wanted settings in order, values as text the way {@code postgresql.conf} wants them unquoted
 * @param pgHba lines; empty when not managed
 * @param pgIdent lines; empty when not managed
 * @param createReplicaMethods in order; {@code basebackup} when not configured
 * @param tree the merged section as written
 */
public record PostgresSettings(Map<String, String> parameters, List<String> pgHba, List<String> pgIdent,
        List<String> createReplicaMethods, boolean useSlots, boolean usePgRewind, int pgCtlTimeoutSeconds,
        Map<String, @Nullable Object> tree) {

    public PostgresSettings {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        tree = Tree.copyOf(tree);
    }

    /** Short: the section holds passwords. */
    @Override
    public String toString() {
        return "PostgresSettings" + parameters.keySet();
    }
}
