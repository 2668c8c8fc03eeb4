package org.jpatroni.node;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The entity tag of the stored dynamic configuration: the same text has the same tag on every node, whoever wrote it, so that a client may
 * read from one node and change through another.
 */
public final class ConfigTag {

    private static final int BYTES_SHOWN = 12;

    private ConfigTag() {
    }

    /** The tag with its quotes, as in {@code ETag}. */
    public static String of(String storedJson) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(storedJson.getBytes(StandardCharsets.UTF_8));
            return '"' + HexFormat.of().formatHex(digest, 0, BYTES_SHOWN) + '"';
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** Whether a header {@code If-Match} permits changing this text: {@code *}, or a list with its tag. */
    public static boolean permits(String ifMatch, String storedJson) {
        String tag = of(storedJson);
        return Arrays.stream(ifMatch.split(",")).map(String::strip).anyMatch(one -> one.equals("*") || one.equals(tag));
    }
}
