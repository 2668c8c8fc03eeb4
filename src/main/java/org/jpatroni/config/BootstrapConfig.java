package org.jpatroni.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code bootstrap}.
 *
 * @param method {@code initdb} or the name of a section in {@code tree}
 * @param dcs the dynamic configuration that the bootstrapping node stores, as written
 * @param initdbOptions ready options such as {@code --encoding=UTF8}, {@code --data-checksums}
 * @param postBootstrap command of {@code post_bootstrap} or {@code post_init}
 * @param tree the whole section as written
 */
public record BootstrapConfig(String method, Map<String, @Nullable Object> dcs, List<String> initdbOptions,
        Optional<String> postBootstrap, Map<String, @Nullable Object> tree) {

    /** Short: custom methods may have passwords among their options. */
    @Override
    public String toString() {
        return "BootstrapConfig[" + method + "]";
    }
}
