package org.jpatroni.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The setting {@code synchronous_standby_names}: whom a commit waits for. Text and meaning are PostgreSQL's, the order of the names is ours.
 *
 * @param method which of the listed ones count
 * @param count how many must confirm a commit
 * @param names sorted, without the placeholder; the case of names does not count for PostgreSQL
 */
public record StandbyNames(Method method, int count, List<String> names) {

    /** How PostgreSQL chooses. */
    public enum Method {
        /** No commit waits. */
        NOBODY,
        /** The first that are connected, in the order of the list. */
        FIRST,
        /** Any. */
        ANY
    }

    /** The name that nobody has: commits wait for ever (Patroni: {@code synchronous_mode_strict} without a standby). */
    public static final String PLACEHOLDER = "__patroni_strict_sync_replica_placeholder__";

    public static final StandbyNames NONE = new StandbyNames(Method.NOBODY, 0, Collections.emptyList());

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z_0-9$]*");
    private static final Pattern TOKEN = Pattern
            .compile("\\s*(?:(?<word>[A-Za-z_\\x80-\\xFF][A-Za-z_0-9$\\x80-\\xFF]*)|\"(?<quoted>(?:[^\"]|\"\")+)\""
                    + "|(?<number>\\d+)|(?<mark>[(),*]))\\s*");

    public StandbyNames {
        names = names.stream().sorted().toList();
    }

    /** All of them must confirm; nobody when there are none. */
    public static StandbyNames all(Collection<String> names) {
        return names.isEmpty() ? NONE : new StandbyNames(Method.FIRST, names.size(), List.copyOf(names));
    }

    /** So many of them must confirm. */
    public static StandbyNames any(int count, Collection<String> names) {
        return count <= 0 || names.isEmpty() ? NONE : new StandbyNames(Method.ANY, count, List.copyOf(names));
    }

    /** Commits wait for somebody who is not there. */
    public static StandbyNames placeholder(Method method) {
        return new StandbyNames(method, 1, List.of(PLACEHOLDER));
    }

    public boolean isPlaceholder() {
        return names.equals(List.of(PLACEHOLDER));
    }

    /** Names that members can have. */
    public List<String> members() {
        return isPlaceholder() ? Collections.emptyList() : names;
    }

    /** How many members a commit waits for: never more than there are. */
    public int required() {
        return Math.min(count, members().size());
    }

    public boolean lists(String name) {
        return members().stream().anyMatch(name::equalsIgnoreCase);
    }

    /** The text for the setting. One name is written without a number unless any of several methods would be meant (Patroni's form). */
    public String text() {
        if (method == Method.NOBODY || names.isEmpty()) {
            return "";
        }
        String list = names.stream().map(StandbyNames::quote).collect(Collectors.joining(","));
        if (method == Method.ANY) {
            return "ANY " + count + " (" + list + ")";
        }
        return names.size() == 1 ? list : count + " (" + list + ")";
    }

    private static String quote(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        boolean plain = PLAIN.matcher(name).matches() && !lower.equals("first") && !lower.equals("any");
        return plain ? name : "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /** Reads the setting; empty when it is not what PostgreSQL accepts, or when it names everybody with a star. */
    public static Optional<StandbyNames> parse(String text) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(text);
        int end = 0;
        while (end < text.length() && matcher.find(end) && matcher.start() == end && matcher.end() > end) {
            tokens.add(token(matcher));
            end = matcher.end();
        }
        if (end < text.length() && !text.isBlank()) {
            return Optional.empty();
        }
        if (tokens.isEmpty()) {
            return Optional.of(NONE);
        }
        return read(tokens);
    }

    /** Words get a mark in front, which tells {@code "2"} from 2. */
    private static String token(Matcher matcher) {
        String quoted = matcher.group("quoted");
        if (quoted != null) {
            return "=" + quoted.replace("\"\"", "\"");
        }
        String word = matcher.group("word");
        if (word != null) {
            return "~" + word;
        }
        String number = matcher.group("number");
        return number != null ? number : matcher.group("mark");
    }

    private static Optional<StandbyNames> read(List<String> tokens) {
        int opening = tokens.indexOf("(");
        Method method = Method.FIRST;
        String count = "1";
        List<String> list = tokens;
        if (opening >= 0) {
            if (!tokens.getLast().equals(")") || opening > 2 || opening == 0) {
                return Optional.empty();
            }
            String word = opening == 2 ? tokens.getFirst().toLowerCase(Locale.ROOT) : "~first";
            count = tokens.get(opening - 1);
            if (!word.equals("~first") && !word.equals("~any") || !isNumber(count)) {
                return Optional.empty();
            }
            method = word.equals("~any") ? Method.ANY : Method.FIRST;
            list = tokens.subList(opening + 1, tokens.size() - 1);
        }
        List<String> names = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            String token = list.get(i);
            boolean name = token.startsWith("~") || token.startsWith("=");
            if (i % 2 == 0 ? !name : !token.equals(",")) {
                return Optional.empty();
            }
            if (name) {
                names.add(token.substring(1));
            }
        }
        return list.size() % 2 == 0
                ? Optional.empty()
                : Optional.of(new StandbyNames(method, Integer.parseInt(count), names));
    }

    private static boolean isNumber(String token) {
        return token.length() < 9 && !token.isEmpty() && token.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
