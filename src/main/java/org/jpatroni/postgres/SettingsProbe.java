package org.jpatroni.postgres;

import java.nio.file.Path;
import java.util.List;

/** Asks PostgreSQL itself whether it would start with a configuration file. */
@FunctionalInterface
public interface SettingsProbe {

    /**
     * A parameter that PostgreSQL refuses.
     *
     * @param text PostgreSQL's own words
     */
    record Complaint(String parameter, String text) {
    }

    /** What PostgreSQL has against the file's own lines; empty when nothing, or when it could not be asked. */
    List<Complaint> complaints(Path configurationFile);

    /** For where no program is at hand: everything is taken as it is. */
    static SettingsProbe none() {
        return file -> List.of();
    }
}
