package org.jpatroni.node;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a command, in the terms of HTTP, because status codes and texts are Patroni's contract.
 *
 * @param code status code
 * @param content what is said
 * @param headers further headers by name
 * @param explanations the reasons behind a refusal, one for each member that was looked at; shown to clients that ask for JSON
 */
public record CommandReply(int code, Content content, SortedMap<String, String> headers,
        List<Explanation> explanations) {

    public CommandReply {
        headers = Collections.unmodifiableSortedMap(new TreeMap<>(headers));
        explanations = explanations.stream().toList();
    }

    /** What is said. */
    public sealed interface Content {

        /** One line in Patroni's words: clients show it, and some search for it. */
        record Text(String text) implements Content {
        }

        /** A JSON document. */
        record Document(Map<String, @Nullable Object> tree) implements Content {
            public Document {
                tree = Tree.copyOf(tree);
            }
        }

        /** A refusal for which Patroni has an HTML page: one plain line here. */
        record Refusal(String line) implements Content {
        }
    }

    /**
     * Why somebody was refused.
     *
     * @param member who was looked at; empty when it is about no member
     * @param rule a stable identifier of the rule
     * @param reason the sentence for people
     * @param measured what was found, and the limit, by name
     */
    public record Explanation(String member, String rule, String reason, Map<String, @Nullable Object> measured) {
        public Explanation {
            measured = Tree.copyOf(measured);
        }

        /** The explanation as JSON. */
        public Map<String, @Nullable Object> document() {
            Map<String, @Nullable Object> tree = new LinkedHashMap<>();
            if (!member.isEmpty()) {
                tree.put("member", member);
            }
            tree.put("rule", rule);
            tree.put("reason", reason);
            tree.putAll(measured);
            return tree;
        }
    }

    public static CommandReply text(int code, String text) {
        return new CommandReply(code, new Content.Text(text), Collections.emptySortedMap(), List.of());
    }

    public static CommandReply document(int code, Map<String, ? extends @Nullable Object> tree) {
        return new CommandReply(code, new Content.Document(Tree.copyOf(tree)), Collections.emptySortedMap(),
                List.of());
    }

    public static CommandReply refusal(int code, String line) {
        return new CommandReply(code, new Content.Refusal(line), Collections.emptySortedMap(), List.of());
    }

    /** The same with one more header. */
    public CommandReply withHeader(String name, String value) {
        SortedMap<String, String> more = new TreeMap<>(headers);
        more.put(name, value);
        return new CommandReply(code, content, more, explanations);
    }

    /** The same with the reasons behind it. */
    public CommandReply because(List<Explanation> reasons) {
        return new CommandReply(code, content, headers, reasons);
    }
}
