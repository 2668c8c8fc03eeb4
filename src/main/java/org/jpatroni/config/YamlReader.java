package org.jpatroni.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * YAML 1.1 as PyYAML reads it into trees of maps, lists and scalars (see {@code Tree}). Of duplicate keys the last one wins,
 * {@code <<} merges. Messages name place and cause, never the text at that place: it may be a password.
 */
public final class YamlReader {

    private static final List<Tag> SCALARS = List.of(Tag.STR, Tag.NULL, Tag.BOOL, Tag.INT, Tag.FLOAT, Tag.TIMESTAMP);

    private final String source;
    private final Map<String, String> origins = new LinkedHashMap<>();
    private final Set<Node> open = Collections.newSetFromMap(new IdentityHashMap<>());

    private YamlReader(String source) {
        this.source = source;
    }

    /**
     * What was read.
     *
     * @param value a tree; null for an empty document
     * @param origins path of each key to {@code source:line}
     */
    public record Document(@Nullable Object value, Map<String, String> origins) {
    }

    /**
     * Reads one document.
     *
     * @param source how messages call it: a file's name, a variable's name
     * @throws ConfigException with one line {@code source:line:column: cause}
     */
    public static Document read(String text, String source) throws ConfigException {
        YamlReader reader = new YamlReader(source);
        try {
            LoaderOptions options = new LoaderOptions();
            Composer composer = new Composer(new ParserImpl(new StreamReader(text), options), new PyYamlResolver(),
                    options);
            Node node = composer.getSingleNode();
            return new Document(node == null ? null : reader.convert(node, ""), reader.origins);
        } catch (BadNode bad) {
            throw new ConfigException(reader.place(bad.node.getStartMark()) + bad.getMessage());
        } catch (MarkedYAMLException marked) {
            throw new ConfigException(reader.place(marked.getProblemMark()) + cause(marked));
        } catch (ReaderException unreadable) {
            int end = Math.max(0, Math.min(unreadable.getPosition(), text.length()));
            long line = text.substring(0, end).chars().filter(c -> c == '\n').count() + 1;
            throw new ConfigException(source + ":" + line + ": has a character that YAML does not allow (code "
                    + unreadable.getCodePoint() + ")");
        } catch (YAMLException other) {
            throw new ConfigException(
                    source + ": " + String.valueOf(other.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private static String cause(MarkedYAMLException marked) {
        String problem = String.valueOf(marked.getProblem()).lines().findFirst().orElse("");
        if (problem.contains("alias") || problem.contains("anchor")) {
            return "a value that begins with * or & must be quoted";
        }
        if (problem.contains(" tag ")) {
            return "a value that begins with ! must be quoted";
        }
        String context = marked.getContext() == null ? "" : marked.getContext() + ", ";
        return context + problem;
    }

    private String place(@Nullable Mark mark) {
        return mark == null ? source + ": " : source + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1) + ": ";
    }

    private @Nullable Object convert(Node node, String path) {
        if (!path.isEmpty() && node.getStartMark() != null) {
            origins.put(path, source + ":" + (node.getStartMark().getLine() + 1));
        }
        return switch (node) {
            case ScalarNode scalar -> scalar(scalar);
            case MappingNode mapping when mapping.getTag().equals(Tag.MAP) -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                fill(map, mapping, path);
                yield map;
            }
            case SequenceNode sequence when sequence.getTag().equals(Tag.SEQ) -> {
                enter(node);
                List<@Nullable Object> list = new ArrayList<>();
                for (Node element : sequence.getValue()) {
                    list.add(convert(element, path + "[" + list.size() + "]"));
                }
                open.remove(node);
                yield list;
            }
            default -> throw new BadNode(node, "a value that begins with ! must be quoted");
        };
    }

    /** Merged keys first, so that the mapping's own keys win over them. */
    private void fill(Map<String, @Nullable Object> map, MappingNode mapping, String path) {
        enter(mapping);
        for (NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode().getTag().equals(Tag.MERGE)) {
                merge(map, tuple.getValueNode(), path);
            }
        }
        for (NodeTuple tuple : mapping.getValue()) {
            if (!tuple.getKeyNode().getTag().equals(Tag.MERGE)) {
                String key = key(tuple.getKeyNode());
                if (map.containsKey(key)) {
                    forget(path.isEmpty() ? key : path + "." + key);
                }
                map.put(key, convert(tuple.getValueNode(), path.isEmpty() ? key : path + "." + key));
            }
        }
        open.remove(mapping);
    }

    private void forget(String path) {
        origins.keySet()
                .removeIf(known -> known.equals(path) || known.startsWith(path + ".") || known.startsWith(path + "["));
    }

    private void merge(Map<String, @Nullable Object> map, Node source, String path) {
        switch (source) {
            case MappingNode mapping -> fill(map, mapping, path);
            case SequenceNode sequence -> {
                for (Node element : sequence.getValue().reversed()) {
                    if (!(element instanceof MappingNode mapping)) {
                        throw new BadNode(element, "<< takes a mapping or a list of mappings");
                    }
                    fill(map, mapping, path);
                }
            }
            default -> throw new BadNode(source, "<< takes a mapping or a list of mappings");
        }
    }

    private void enter(Node node) {
        if (!open.add(node)) {
            throw new BadNode(node, "contains itself through an alias");
        }
    }

    private static @Nullable Object scalar(ScalarNode scalar) {
        if (!SCALARS.contains(scalar.getTag())) {
            throw new BadNode(scalar, "a value that begins with ! must be quoted");
        }
        try {
            return YamlScalars.valueOf(scalar.getTag(), scalar.getValue());
        } catch (NumberFormatException wrongTag) {
            throw new BadNode(scalar, "the value does not fit its kind");
        }
    }

    /** Keys become text as JSON would write them. */
    private static String key(Node node) {
        if (!(node instanceof ScalarNode scalar)) {
            throw new BadNode(node, "a key must be a plain text");
        }
        return switch (scalar(scalar)) {
            case null -> "null";
            case Boolean bool -> bool.toString();
            case Object value -> YamlScalars.pythonText(value);
        };
    }

    private static final class BadNode extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient Node node;

        BadNode(Node node, String message) {
            super(message);
            this.node = node;
        }
    }
}
