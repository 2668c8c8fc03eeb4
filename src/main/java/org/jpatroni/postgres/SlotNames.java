package org.jpatroni.postgres;

import java.util.Locale;

/** Names of replication slots made from names of members, the rule that all Patroni nodes must agree on. */
public final class SlotNames {

    private static final int LENGTH_MAX = 63;

    private SlotNames() {
    }

    /**
     * The slot of a member: lower case; dash and dot become an underscore; any other character outside {@code [a-z0-9_]} becomes
     * {@code u} and its code point in decimal, at least four digits; cut after 63 characters. Different members may get the same name.
     */
    public static String ofMember(String memberName) {
        StringBuilder slot = new StringBuilder();
        memberName.toLowerCase(Locale.ROOT).codePoints().forEach(c -> {
            if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
                slot.appendCodePoint(c);
            } else if (c == '-' || c == '.') {
                slot.append('_');
            } else {
                slot.append(String.format(Locale.ROOT, "u%04d", c));
            }
        });
        return slot.length() > LENGTH_MAX ? slot.substring(0, LENGTH_MAX) : slot.toString();
    }
}
