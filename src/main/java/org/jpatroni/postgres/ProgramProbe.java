package org.jpatroni.postgres;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jpatroni.runtime.CancelToken;

/**
 * Has the program {@code postgres} read a configuration file as at a start and say what it has against it ({@code postgres -C}). That takes
 * about 10 ms and knows every parameter of exactly this version and its extensions.
 */
final class ProgramProbe implements SettingsProbe {

    private static final Pattern REFUSED = Pattern.compile("(?:LOG|FATAL|ERROR|WARNING): +(.*)");
    private static final Pattern UNKNOWN = Pattern
            .compile("unrecognized configuration parameter \"([^\"]+)\"(?: in file \"([^\"]+)\".*)?");
    private static final Pattern NAMED = Pattern.compile("(?:invalid value for parameter|parameter) \"([^\"]+)\".*"
            + "|-?[0-9.]+.* is outside the valid range for parameter \"([^\"]+)\".*|invalid .* in parameter \"([^\"]+)\".*");

    private final Programs programs;
    private final Path dataDirectory;

    ProgramProbe(Programs programs, Path dataDirectory) {
        this.programs = programs;
        this.dataDirectory = dataDirectory;
    }

    @Override
    public List<Complaint> complaints(Path configurationFile) {
        if (!Files.exists(dataDirectory.resolve("PG_VERSION"))) {
            return List.of();
        }
        // "-C" first: only there may root ask. The rest makes the answer go to us, in English, without a prefix.
        List<String> command = List.of(programs.path("postgres"), "-C", "config_file", "-D", dataDirectory.toString(),
                "--config-file=" + configurationFile, "-c", "lc_messages=C", "-c", "log_destination=stderr", "-c",
                "log_line_prefix=", "-c", "log_min_messages=log");
        Programs.Result result = programs.capture(command, Map.of(), new CancelToken());
        return result.isSuccess() ? List.of() : parse(result.err(), configurationFile);
    }

    /** Lines about other files, such as {@code postgresql.auto.conf} and what users include, are none of ours. */
    static List<Complaint> parse(String output, Path configurationFile) {
        List<Complaint> found = new ArrayList<>();
        output.lines().forEach(line -> {
            Matcher message = REFUSED.matcher(line);
            if (!message.find()) {
                return;
            }
            String text = message.group(1);
            Matcher unknown = UNKNOWN.matcher(text);
            Matcher named = NAMED.matcher(text);
            if (unknown.matches()) {
                if (unknown.group(2) == null || unknown.group(2).equals(configurationFile.toString())) {
                    found.add(new Complaint(unknown.group(1), "unrecognized configuration parameter"));
                }
            } else if (named.matches()) {
                for (int group = 1; group <= named.groupCount(); group++) {
                    if (named.group(group) != null) {
                        found.add(new Complaint(named.group(group), text));
                    }
                }
            }
        });
        return found;
    }
}
