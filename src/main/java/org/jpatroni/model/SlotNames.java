package org.jpatroni.model;

import java.util.Locale;

/** The name of the physical replication slot that belongs to a member, as Patroni forms it. */
public final class SlotNames {

    private static final int MAX_LENGTH = 63;

    private SlotNames() {
    }

    /** Lower case; {@code -} and {@code .} become {@code _}, any other character that a slot name cannot hold {@code uNNNN}. */
    public static String ofMember(String memberName) {
        StringBuilder slot = new StringBuilder();
        memberName.toLowerCase(Locale.ROOT).codePoints().forEach(character -> {
            if (character >= 'a' && character <= 'z' || character >= '0' && character <= '9' || character == '_') {
                slot.appendCodePoint(character);
            } else if (character == '-' || character == '.') {
                slot.append('_');
            } else {
                slot.append(String.format(Locale.ROOT, "u%04d", character));
            }
        });
        return slot.length() > MAX_LENGTH ? slot.substring(0, MAX_LENGTH) : slot.toString();
    }
}
