package org.jpatroni.tls;

import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One element of DER, just enough to take apart what an encrypted key says of its encryption.
 *
 * @param content the bytes behind tag and length
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Der(int tag, byte[] content) {

    static final int INTEGER = 0x02;
    static final int OCTETS = 0x04;
    static final int OBJECT_IDENTIFIER = 0x06;
    static final int SEQUENCE = 0x30;

    /** The elements that stand behind each other in the bytes. */
    static List<Der> elements(byte[] bytes) throws GeneralSecurityException {
        List<Der> elements = new ArrayList<>();
        int at = 0;
        while (at < bytes.length) {
            int lengthAt = at + 1;
            int start = lengthAt + 1;
            int length = lengthAt < bytes.length ? bytes[lengthAt] & 0xFF : bytes.length;
            if (length > 0x80 && length <= 0x83 && start + length - 0x80 <= bytes.length) {
                int more = length - 0x80;
                length = 0;
                for (int i = 0; i < more; i++) {
                    length = length << 8 | bytes[start + i] & 0xFF;
                }
                start += more;
            }
            if (length > bytes.length - start) {
                throw new GeneralSecurityException("malformed DER");
            }
            elements.add(new Der(bytes[at] & 0xFF, Arrays.copyOfRange(bytes, start, start + length)));
            at = start + length;
        }
        return elements;
    }

    /** What is inside a sequence. */
    List<Der> children() throws GeneralSecurityException {
        if (tag != SEQUENCE) {
            throw new GeneralSecurityException("malformed DER: a sequence was expected");
        }
        return elements(content);
    }

    /** The child at that place, which must have that tag. */
    Der child(int index, int wantedTag) throws GeneralSecurityException {
        List<Der> children = children();
        if (index >= children.size() || children.get(index).tag() != wantedTag) {
            throw new GeneralSecurityException("malformed DER");
        }
        return children.get(index);
    }

    /** The dotted form of an object identifier. */
    String identifier() {
        StringBuilder dotted = new StringBuilder();
        long value = 0;
        for (byte part : content) {
            value = value << 7 | part & 0x7F;
            if (part >= 0) {
                if (dotted.isEmpty()) {
                    long first = Math.min(value / 40, 2);
                    dotted.append(first).append('.').append(value - first * 40);
                } else {
                    dotted.append('.').append(value);
                }
                value = 0;
            }
        }
        return dotted.toString();
    }
}
