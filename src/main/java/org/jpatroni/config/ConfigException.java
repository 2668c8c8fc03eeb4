package org.jpatroni.config;

import java.util.List;

/** A configuration that cannot be used. Carries every problem that was found, each a line of its own that names setting or file. */
public final class ConfigException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    private final transient List<String> warnings;

    /** @param warnings what was doubtful besides, one line each */
    public ConfigException(List<String> problems, List<String> warnings) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
        this.warnings = List.copyOf(warnings);
    }

    public ConfigException(List<String> problems) {
        this(problems, List.of());
    }

    public ConfigException(String problem) {
        this(List.of(problem));
    }

    public List<String> problems() {
        return problems;
    }

    public List<String> warnings() {
        return warnings;
    }
}
