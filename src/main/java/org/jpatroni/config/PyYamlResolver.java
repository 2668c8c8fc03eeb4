package org.jpatroni.config;

import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Decides what an unquoted scalar is, by YAML 1.1 as PyYAML reads it. SnakeYAML's own resolver takes {@code 1e3} for a number; PyYAML
 * wants a dot and a sign in the exponent. Dates stay text here: nothing in the configuration is a date.
 */
final class PyYamlResolver extends Resolver {

    private static final Pattern BOOLEAN = Pattern.compile("yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE"
            + "|on|On|ON|off|Off|OFF");
    private static final Pattern REAL = Pattern.compile("[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?"
            + "|\\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
            + "|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*"
            + "|[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)");
    private static final Pattern INTEGER = Pattern.compile("[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)"
            + "|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+");
    private static final Pattern NULL = Pattern.compile("~|null|Null|NULL|");

    @Override
    protected void addImplicitResolvers() {
        // resolve() below knows them all.
    }

    @Override
    public Tag resolve(NodeId kind, String value, boolean implicit) {
        if (kind != NodeId.scalar || !implicit) {
            return super.resolve(kind, value, implicit);
        }
        if (BOOLEAN.matcher(value).matches()) {
            return Tag.BOOL;
        }
        if (REAL.matcher(value).matches()) {
            return Tag.FLOAT;
        }
        if (INTEGER.matcher(value).matches()) {
            return Tag.INT;
        }
        if (NULL.matcher(value).matches()) {
            return Tag.NULL;
        }
        return value.equals("<<") ? Tag.MERGE : Tag.STR;
    }
}
