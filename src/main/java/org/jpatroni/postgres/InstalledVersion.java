package org.jpatroni.postgres;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.runtime.CancelToken;

/** The version of the installed programs. */
final class InstalledVersion {

    private static final Pattern TEXT = Pattern.compile("\\(PostgreSQL\\) (\\d+)");

    private final Programs programs;
    private volatile int major;

    InstalledVersion(Programs programs) {
        this.programs = programs;
    }

    /** For example 15; 0 when the program {@code postgres} cannot be run, asked again at the next call then. */
    int major() {
        if (major == 0) {
            Programs.Result result = programs.capture(List.of(programs.path("postgres"), "--version"), Map.of(),
                    new CancelToken());
            Matcher found = TEXT.matcher(result.out());
            if (result.isSuccess() && found.find()) {
                major = Integer.parseInt(found.group(1));
            }
        }
        return major;
    }
}
