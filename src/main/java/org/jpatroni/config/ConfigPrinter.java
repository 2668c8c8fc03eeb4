package org.jpatroni.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** Writes a configuration as YAML for people, with three stars in the place of everything secret. */
public final class ConfigPrinter {

    private static final String MASK = new Secret("").toString();

    private ConfigPrinter() {
    }

    public static String yaml(Map<String, ? extends @Nullable Object> tree) {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        return new Yaml(options).dump(masked(tree));
    }

    private static Map<String, @Nullable Object> masked(Map<?, ?> tree) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        tree.forEach((key, value) -> copy.put(String.valueOf(key),
                isSecret(String.valueOf(key)) && value != null ? MASK : maskedValue(value)));
        return copy;
    }

    private static @Nullable Object maskedValue(@Nullable Object value) {
        return switch (value) {
            case Map<?, ?> map -> masked(map);
            case List<?> list -> {
                List<@Nullable Object> copy = new ArrayList<>();
                list.forEach(element -> copy.add(maskedValue(element)));
                yield copy;
            }
            case String text -> text.replaceAll("(://[^/@:\\s]*:)[^/@\\s]*@", "$1" + MASK + "@")
                    .replaceAll("(?i)(password\\s*=\\s*)('[^']*'|\\S+)", "$1" + MASK);
            case null -> null;
            default -> value;
        };
    }

    private static boolean isSecret(String key) {
        String name = key.toLowerCase(Locale.ROOT);
        return name.contains("password") || name.contains("secret") || name.equals("token") || name.equals("auth_data")
                || name.equals("auth");
    }
}
