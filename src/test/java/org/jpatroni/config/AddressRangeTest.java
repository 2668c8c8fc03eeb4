package org.jpatroni.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {

    @ParameterizedTest
    @CsvSource({"10.0.0.0/8,10.255.255.255,true", "10.0.0.0/8,11.0.0.0,false", "10.1.2.3/8,10.9.9.9,true",
            "10.0.0.0/255.0.0.0,10.1.1.1,true", "10.0.0.0/0.255.255.255,10.1.1.1,true",
            "10.0.0.0/0.255.255.255,11.1.1.1,false", "192.168.4.0/22,192.168.7.255,true",
            "192.168.4.0/22,192.168.8.0,false", "10.0.0.5,10.0.0.5,true", "10.0.0.5,10.0.0.6,false",
            "10.0.0.5/32,10.0.0.5,true", "0.0.0.0/0,203.0.113.9,true", "0.0.0.0/0,::1,false", "::/0,::1,true",
            "::/0,10.0.0.1,false", "fd00::/8,fd12:3456::1,true", "fd00::/8,fe80::1,false", "fd00::/9,fd7f::1,true",
            "fd00::/9,fd80::1,false", "::1,0:0:0:0:0:0:0:1,true", "::ffff:10.0.0.0/104,10.2.3.4,true",
            "::ffff:10.0.0.0/104,11.2.3.4,false", "::ffff:10.0.0.7,10.0.0.7,true", "10.0.0.7,::ffff:10.0.0.7,true",
            "10.0.0.0/8,::ffff:a00:1,true", "10.0.0.0/255.255.255.255,10.0.0.0,true", "10.0.0.0/0.0.0.0,9.9.9.9,true"})
    void contains(String range, String address, boolean expected) {
        assertThat(AddressRange.parse(range).orElseThrow().contains(InetAddress.ofLiteral(address)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "db1.example.com", "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "/8",
            "10.0.0.0/255.0.255.0", "fd00::/129", "fd00::/ffff::", "10.0.0.0/8/8", "10.0.0/x", "db1/24", "fe80::1%eth0",
            "[::1]", "10.0.0.0/8 "})
    void isNone(String text) {
        assertThat(AddressRange.parse(text)).isEmpty();
    }

    @Test
    void anIpv4ClientOfADualStackSocketIsIpv4() throws Exception {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xFF, (byte) 0xFF, 10, 0, 0, 1};
        InetAddress address = Inet6Address.getByAddress("", mapped, -1);
        assertThat(AddressRange.parse("10.0.0.0/8").orElseThrow().contains(address)).isTrue();
        assertThat(AddressRange.of(address)).isEqualTo(AddressRange.parse("10.0.0.1").orElseThrow());
        assertThat(AddressRange.of(address)).hasSameHashCodeAs(AddressRange.parse("10.0.0.1").orElseThrow())
                .hasToString("10.0.0.1/32");
    }

    @Test
    void theInterfaceOfALinkLocalAddressDoesNotCount() throws Exception {
        InetAddress address = Inet6Address.getByAddress("", InetAddress.ofLiteral("fe80::7").getAddress(), 1);
        assertThat(AddressRange.parse("fe80::/10").orElseThrow().contains(address)).isTrue();
    }
}
