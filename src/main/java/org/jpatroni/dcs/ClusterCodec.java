package org.jpatroni.dcs;

import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.json.PythonJson;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.StoredStatus;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.TimelineHistory;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of Patroni 4.1 under each key, byte for byte, and tolerant readers: whatever is stored, reading never fails. What makes no
 * sense is taken as Patroni takes it, mostly as if it were empty. Member records are {@link MemberCodec}'s.
 */
public final class ClusterCodec {

    /** What Patroni leaves under {@code failover} after a request was carried out. */
    static final String NO_FAILOVER = "{}";

    private static final DateTimeFormatter TIMESTAMP = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE).appendPattern("['T'][' ']").appendPattern("HH:mm[:ss]")
            .optionalStart().appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true).optionalEnd()
            .appendPattern("[' ']").optionalStart().appendOffset("+HH:MM", "Z").optionalEnd().optionalStart()
            .appendOffset("+HHMM", "Z").optionalEnd().optionalStart().appendOffset("+HH", "Z").optionalEnd()
            .toFormatter(java.util.Locale.ROOT);

    private ClusterCodec() {
    }

    /** Any tree as Patroni writes it to the store, for the key {@code config}. */
    public static String encodeTree(Map<String, ? extends @Nullable Object> tree) {
        return PythonJson.writeCompact(tree);
    }

    static String encodeStatus(StoredStatus status) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("optime", status.leaderLsn().bytes());
        if (!status.slots().isEmpty()) {
            Map<String, Object> slots = new LinkedHashMap<>();
            status.slots().forEach((name, lsn) -> slots.put(name, lsn.bytes()));
            tree.put("slots", slots);
        }
        if (!status.retainSlots().isEmpty()) {
            tree.put("retain_slots", status.retainSlots());
        }
        return PythonJson.writeCompact(tree);
    }

    /** Reads {@code status}, or {@code optime/leader}, which is only a number. */
    static StoredStatus decodeStatus(String text) {
        return StoredJson.read(text).map(tree -> switch (tree) {
            case Number optime -> new StoredStatus(lsn(optime).orElse(Lsn.ZERO), new TreeMap<>(), List.of());
            case Map<?, ?> map -> new StoredStatus(lsn(map.get("optime")).orElse(Lsn.ZERO), slots(map.get("slots")),
                    texts(map.get("retain_slots")));
            default -> StoredStatus.EMPTY;
        }).orElse(StoredStatus.EMPTY);
    }

    private static SortedMap<String, Lsn> slots(@Nullable Object value) {
        SortedMap<String, Lsn> slots = new TreeMap<>();
        if (nested(value) instanceof Map<?, ?> map) {
            map.forEach((name, position) -> slots.put(String.valueOf(name), lsn(position).orElse(Lsn.ZERO)));
        }
        return slots;
    }

    private static List<String> texts(@Nullable Object value) {
        List<String> texts = new ArrayList<>();
        if (nested(value) instanceof List<?> list) {
            list.forEach(element -> texts.add(String.valueOf(element)));
        }
        return texts;
    }

    /** A tree, or JSON text that holds one: Patroni reads both, because stores with flat values need the second. */
    private static @Nullable Object nested(@Nullable Object value) {
        return value instanceof String text ? StoredJson.read(text).orElse(null) : value;
    }

    static String encodeFailover(FailoverRequest request) {
        Map<String, Object> tree = new LinkedHashMap<>();
        request.leader().ifPresent(name -> tree.put("leader", name));
        request.candidate().ifPresent(name -> tree.put("member", name));
        request.scheduledAtText().or(() -> request.scheduledAt().map(ClusterCodec::timestamp))
                .ifPresent(time -> tree.put("scheduled_at", time));
        return PythonJson.writeCompact(tree);
    }

    /**
     * Reads {@code failover}; empty when it asks for nothing. A request whose time cannot be read is no request: carrying it out at
     * once would be wrong, and Patroni fails on it.
     */
    static Optional<FailoverRequest> decodeFailover(String text, long version) {
        Optional<Object> tree = StoredJson.read(text);
        if (tree.isEmpty() && !text.isBlank() && !text.strip().equals("null")) {
            String[] names = text.split(":", -1);
            return request(Optional.of(names[0].strip()),
                    names.length > 1 ? Optional.of(names[1].strip()) : Optional.empty(), Optional.empty(),
                    Optional.empty(), version);
        }
        if (!(tree.orElse(null) instanceof Map<?, ?> map)) {
            return Optional.empty();
        }
        Optional<String> timeText = text(map.get("scheduled_at")).filter(time -> !time.isEmpty());
        Optional<OffsetDateTime> time = timeText.flatMap(ClusterCodec::parseTimestamp);
        if (timeText.isPresent() && time.isEmpty()) {
            return Optional.empty();
        }
        return request(text(map.get("leader")), text(map.get("member")), time, timeText, version);
    }

    private static Optional<FailoverRequest> request(Optional<String> leader, Optional<String> candidate,
            Optional<OffsetDateTime> time, Optional<String> timeText, long version) {
        FailoverRequest request = new FailoverRequest(leader.filter(name -> !name.isEmpty()),
                candidate.filter(name -> !name.isEmpty()), time, timeText, version);
        return request.leader().isEmpty() && request.candidate().isEmpty() ? Optional.empty() : Optional.of(request);
    }

    static String encodeSync(SyncState state) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("leader", state.leader().orElse(null));
        tree.put("quorum", state.quorum());
        tree.put("sync_standby", state.syncStandbys().isEmpty() ? null : String.join(",", state.syncStandbys()));
        return PythonJson.writeCompact(tree);
    }

    static SyncState decodeSync(String text, long version) {
        Map<?, ?> tree = StoredJson.readObject(text).orElse(Map.of());
        Optional<String> leader = text(tree.get("leader")).filter(name -> !name.isEmpty());
        if (leader.isEmpty()) {
            return new SyncState(Optional.empty(), List.of(), 0, version);
        }
        List<String> standbys = new ArrayList<>();
        for (String name : text(tree.get("sync_standby")).orElse("").split(",", -1)) {
            if (!name.isBlank()) {
                standbys.add(name.strip());
            }
        }
        return new SyncState(leader, standbys, (int) integer(tree.get("quorum")).orElse(0), version);
    }

    static String encodeHistory(TimelineHistory history) {
        List<Object> lines = new ArrayList<>();
        for (TimelineHistory.Entry entry : history.entries()) {
            List<Object> line = new ArrayList<>(
                    List.of(entry.timeline(), entry.switchPoint().bytes(), entry.reason()));
            entry.timestamp().ifPresent(line::add);
            // Places have a meaning: without the fourth there can be no fifth.
            entry.newLeader().filter(name -> entry.timestamp().isPresent()).ifPresent(line::add);
            lines.add(line);
        }
        return PythonJson.writeCompact(lines);
    }

    static TimelineHistory decodeHistory(String text, long version) {
        List<TimelineHistory.Entry> entries = new ArrayList<>();
        if (StoredJson.read(text).orElse(null) instanceof List<?> lines) {
            for (Object line : lines) {
                if (line instanceof List<?> fields && fields.size() >= 3) {
                    OptionalLong timeline = integer(fields.get(0));
                    Optional<Lsn> switchPoint = lsn(fields.get(1));
                    if (timeline.isPresent() && switchPoint.isPresent()) {
                        entries.add(new TimelineHistory.Entry((int) timeline.getAsLong(), switchPoint.get(),
                                text(fields.get(2)).orElse(""),
                                fields.size() > 3 ? text(fields.get(3)) : Optional.empty(),
                                fields.size() > 4 ? text(fields.get(4)) : Optional.empty()));
                    }
                }
            }
        }
        return new TimelineHistory(entries, version);
    }

    /** The write that stores these members; none: the key goes. */
    static Change failsafe(String key, SortedMap<String, String> apiUrls) {
        return apiUrls.isEmpty() ? new Change.Delete(key) : new Change.Put(key, encodeFailsafe(apiUrls), false);
    }

    static String encodeFailsafe(SortedMap<String, String> apiUrls) {
        return PythonJson.writeCompact(apiUrls);
    }

    static SortedMap<String, String> decodeFailsafe(String text) {
        SortedMap<String, String> apiUrls = new TreeMap<>();
        StoredJson.readObject(text).orElse(Map.of())
                .forEach((name, url) -> apiUrls.put(String.valueOf(name), text(url).orElse("")));
        return apiUrls;
    }

    /** ISO 8601 as Python's {@code isoformat()} writes it: microseconds only when there are any. */
    public static String timestamp(OffsetDateTime time) {
        int micros = time.getNano() / 1000;
        String base = time.format(DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", java.util.Locale.ROOT));
        String offset = time.format(DateTimeFormatter.ofPattern("xxx", java.util.Locale.ROOT));
        return base + (micros == 0 ? "" : String.format(".%06d", micros)) + offset;
    }

    private static Optional<OffsetDateTime> parseTimestamp(String text) {
        try {
            return Optional.of(OffsetDateTime.parse(text.strip(), TIMESTAMP));
        } catch (DateTimeParseException unreadable) {
            return Optional.empty();
        }
    }

    static Optional<String> text(@Nullable Object value) {
        return value instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /** A whole number, also one written as text. */
    static OptionalLong integer(@Nullable Object value) {
        return switch (value) {
            case Integer number -> OptionalLong.of(number);
            case Long number -> OptionalLong.of(number);
            case Double number when Math.abs(number) < 1L << 53 -> OptionalLong.of(number.longValue());
            case String text -> {
                try {
                    yield OptionalLong.of(Long.parseLong(text.strip()));
                } catch (NumberFormatException notANumber) {
                    yield OptionalLong.empty();
                }
            }
            case null, default -> OptionalLong.empty();
        };
    }

    static OptionalInt smallInteger(@Nullable Object value) {
        OptionalLong number = integer(value);
        return number.isPresent() && number.getAsLong() == (int) number.getAsLong()
                ? OptionalInt.of((int) number.getAsLong())
                : OptionalInt.empty();
    }

    static Optional<Lsn> lsn(@Nullable Object value) {
        OptionalLong bytes = integer(value);
        return bytes.isPresent() && bytes.getAsLong() >= 0 ? Optional.of(new Lsn(bytes.getAsLong())) : Optional.empty();
    }
}
