package org.jpatroni.sim;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The key {@code sync} as it truly is in the store, read without the code under test. */
final class SimSync {

    private static final Pattern LEADER = Pattern.compile("\"leader\"\\s*:\\s*\"([^\"]*)\"");
    private static final Pattern STANDBYS = Pattern.compile("\"sync_standby\"\\s*:\\s*\"([^\"]*)\"");
    private static final Pattern QUORUM = Pattern.compile("\"quorum\"\\s*:\\s*(\\d+)");

    /**
     * @param leader who wrote it; empty when there is no such key, or nobody in it
     * @param standbys in lower case
     * @param quorum how many others must be seen in a race
     */
    record Stored(String leader, List<String> standbys, int quorum) {

        static final Stored ABSENT = new Stored("", List.of(), 0);

        boolean isAbsent() {
            return leader.isEmpty();
        }

        boolean lists(String name) {
            return standbys.contains(name.toLowerCase(Locale.ROOT));
        }
    }

    private final SimStore store;
    private String text = "";
    private Stored stored = Stored.ABSENT;
    private Stored ofPredecessor = Stored.ABSENT;

    SimSync(SimStore store) {
        this.store = store;
    }

    Stored stored() {
        String now = store.memory().valueOf(SimStore.KEYS.sync()).orElse("");
        if (!now.equals(text)) {
            text = now;
            Stored next = read(now);
            if (!next.leader().equals(stored.leader())) {
                ofPredecessor = stored;
            }
            stored = next;
        }
        return stored;
    }

    /** Whether the key forbade this member to lead when the candidate, who writes the key before its promotion, won the race. */
    boolean excluded(String member, String candidate) {
        Stored judged = stored().leader().equals(candidate) ? ofPredecessor : stored;
        return !judged.isAbsent() && !judged.lists(member) && !judged.leader().equals(member);
    }

    static Stored read(String json) {
        String names = find(STANDBYS, json).orElse("").toLowerCase(Locale.ROOT);
        return new Stored(find(LEADER, json).orElse(""),
                Arrays.stream(names.split(",")).map(String::strip).filter(name -> !name.isEmpty()).toList(),
                find(QUORUM, json).map(Integer::parseInt).orElse(0));
    }

    private static Optional<String> find(Pattern pattern, String json) {
        Matcher matcher = pattern.matcher(json);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
