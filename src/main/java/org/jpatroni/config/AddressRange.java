package org.jpatroni.config;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;

/**
 * A network or a single address. IPv4 that is written as IPv6 ({@code ::ffff:10.0.0.1}) is IPv4, so that one client has one address
 * however it came.
 *
 * @param address four or sixteen bytes; bits behind the prefix are zero
 * @param prefixBits how many of its bits count
 */
@SuppressWarnings("ArrayRecordComponent") // Equality is by content, below.
public record AddressRange(byte[] address, int prefixBits) {

    private static final int MAPPED_BITS = 96;

    public AddressRange {
        address = address.clone();
        for (int bit = prefixBits; bit < address.length * 8; bit++) {
            address[bit / 8] &= (byte) ~(0x80 >> bit % 8);
        }
    }

    /** This one address. */
    public static AddressRange of(InetAddress address) {
        byte[] bytes = unmapped(address.getAddress());
        return new AddressRange(bytes, bytes.length * 8);
    }

    /**
     * Reads what Patroni reads: {@code 10.0.0.0/8}, {@code 10.0.0.0/255.0.0.0}, {@code 10.0.0.0/0.255.255.255}, {@code fd00::/8}, with
     * bits behind the prefix allowed, or an address alone.
     *
     * @return empty when it is neither, for example a host name
     */
    public static Optional<AddressRange> parse(String text) {
        int slash = text.indexOf('/');
        Optional<byte[]> bytes = literal(slash < 0 ? text : text.substring(0, slash));
        if (bytes.isEmpty()) {
            return Optional.empty();
        }
        int bits = bytes.get().length * 8;
        int prefix = slash < 0 ? bits : prefixBits(text.substring(slash + 1), bits);
        if (prefix < 0) {
            return Optional.empty();
        }
        byte[] unmapped = unmapped(bytes.get());
        if (unmapped.length == bytes.get().length) {
            return Optional.of(new AddressRange(unmapped, prefix));
        }
        return prefix < MAPPED_BITS
                ? Optional.of(new AddressRange(bytes.get(), prefix))
                : Optional.of(new AddressRange(unmapped, prefix - MAPPED_BITS));
    }

    private static Optional<byte[]> literal(String text) {
        if (text.isEmpty() || text.startsWith("[") || text.indexOf('%') >= 0) {
            return Optional.empty();
        }
        try {
            InetAddress address = InetAddress.ofLiteral(text);
            // The JDK hands out IPv4 for a mapped literal; the prefix behind it still counts the 128 bits that were written.
            return Optional.of(address instanceof Inet4Address && text.indexOf(':') >= 0
                    ? mapped(address.getAddress())
                    : address.getAddress());
        } catch (IllegalArgumentException name) {
            return Optional.empty();
        }
    }

    /** A length, or for IPv4 a mask, which may also be written inverted; -1 when it is none. */
    private static int prefixBits(String text, int bits) {
        if (text.matches("\\d{1,3}")) {
            int length = Integer.parseInt(text);
            return length <= bits ? length : -1;
        }
        if (bits != 32 || !text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
            return -1;
        }
        Optional<byte[]> mask = literal(text);
        if (mask.isEmpty()) {
            return -1;
        }
        int value = 0;
        for (byte part : mask.get()) {
            value = value << 8 | part & 0xFF;
        }
        for (int candidate : new int[]{value, ~value}) {
            int ones = Integer.numberOfLeadingZeros(~candidate);
            if (candidate == (ones == 0 ? 0 : -1 << 32 - ones)) {
                return ones;
            }
        }
        return -1;
    }

    private static byte[] mapped(byte[] four) {
        byte[] sixteen = new byte[16];
        sixteen[10] = (byte) 0xFF;
        sixteen[11] = (byte) 0xFF;
        System.arraycopy(four, 0, sixteen, 12, 4);
        return sixteen;
    }

    private static byte[] unmapped(byte[] bytes) {
        if (bytes.length != 16 || bytes[10] != (byte) 0xFF || bytes[11] != (byte) 0xFF) {
            return bytes;
        }
        for (int i = 0; i < 10; i++) {
            if (bytes[i] != 0) {
                return bytes;
            }
        }
        return Arrays.copyOfRange(bytes, 12, 16);
    }

    /** Whether the address lies in it; IPv4 never lies in a range of IPv6 and the other way round. */
    public boolean contains(InetAddress candidate) {
        byte[] bytes = unmapped(candidate.getAddress());
        if (bytes.length != address.length) {
            return false;
        }
        int whole = prefixBits / 8;
        if (Arrays.mismatch(bytes, 0, whole, address, 0, whole) >= 0) {
            return false;
        }
        int rest = prefixBits % 8;
        return rest == 0 || (bytes[whole] & 0xFF00 >> rest & 0xFF) == (address[whole] & 0xFF);
    }

    @Override
    public byte[] address() {
        return address.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AddressRange that && prefixBits == that.prefixBits
                && Arrays.equals(address, that.address);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(address) * 31 + prefixBits;
    }

    @Override
    public String toString() {
        try {
            return InetAddress.getByAddress(address).getHostAddress() + "/" + prefixBits;
        } catch (java.net.UnknownHostException impossible) {
            return "/" + prefixBits;
        }
    }
}
