package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.TimelineHistory;
import org.jpatroni.model.TimelineHistory.Entry;

/** PostgreSQL's timeline history file: one line for every timeline that ended. */
final class TimelineFile {

    private static final DateTimeFormatter ISO = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx",
            Locale.ROOT);

    private TimelineFile() {
    }

    static Path path(Path dataDirectory, int timeline) {
        return dataDirectory.resolve("pg_wal").resolve(String.format(Locale.ROOT, "%08X.history", timeline));
    }

    /** Timeline, position and reason, separated by blanks; comments and lines that are not like this are skipped. */
    static List<Entry> parse(String text) {
        List<Entry> entries = new ArrayList<>();
        text.lines().forEach(line -> {
            String[] fields = line.strip().split("\\s+", 3);
            if (fields.length >= 2 && fields[0].matches("\\d+")) {
                try {
                    entries.add(new Entry(Integer.parseInt(fields[0]), Lsn.parse(fields[1]),
                            fields.length > 2 ? fields[2] : "", Optional.empty(), Optional.empty()));
                } catch (IllegalArgumentException notAnEntry) {
                    return;
                }
            }
        });
        return entries;
    }

    /** A local timeline and its ancestors; empty when its history file cannot be read. Timeline 1 has none and needs none. */
    static Optional<Lineage> lineage(Path dataDirectory, int timeline) {
        if (timeline == 1) {
            return Optional.of(new Lineage(1, List.of()));
        }
        try {
            return Optional.of(parse(Files.readString(path(dataDirectory, timeline))))
                    .filter(entries -> !entries.isEmpty()).map(entries -> new Lineage(timeline, entries));
        } catch (IOException absent) {
            return Optional.empty();
        }
    }

    /**
     * The history of a timeline for the key {@code history}: the last switch carries the time of the file and the name of who made it.
     *
     * @param memberName this node
     */
    static Optional<TimelineHistory> read(Path dataDirectory, int timeline, String memberName) {
        Path file = path(dataDirectory, timeline);
        try {
            List<Entry> entries = parse(Files.readString(file));
            if (!entries.isEmpty() && entries.getLast().timeline() == timeline - 1) {
                Entry last = entries.removeLast();
                String when = ISO.format(Files.getLastModifiedTime(file).toInstant().atOffset(ZoneOffset.UTC));
                entries.add(new Entry(last.timeline(), last.switchPoint(), last.reason(), Optional.of(when),
                        Optional.of(memberName)));
            }
            return entries.isEmpty() ? Optional.empty() : Optional.of(new TimelineHistory(entries, 0));
        } catch (IOException absent) {
            return Optional.empty();
        }
    }
}
