package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdmissionTest {

    private static final ApiLimits LIMITS = new ApiLimits(3, 2, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    private final ApiCounters counters = new ApiCounters();
    private final Admission admission = new Admission(LIMITS, counters);

    @Test
    void countsPerAddressAndInTotal() throws UnknownHostException {
        InetAddress first = InetAddress.getByName("192.0.2.1");
        InetAddress second = InetAddress.getByName("192.0.2.2");
        assertThat(admission.enter(first)).isEqualTo(Admission.Ticket.ORDINARY);
        assertThat(admission.enter(first)).isEqualTo(Admission.Ticket.ORDINARY);
        assertThat(admission.enter(first)).isEqualTo(Admission.Ticket.LANE);
        assertThat(admission.enter(second)).as("the lane takes no place of others")
                .isEqualTo(Admission.Ticket.ORDINARY);
        assertThat(admission.enter(second)).isEqualTo(Admission.Ticket.LANE);
        admission.leave(first, Admission.Ticket.LANE);
        admission.leave(first, Admission.Ticket.ORDINARY);
        assertThat(admission.enter(first)).isEqualTo(Admission.Ticket.ORDINARY);
        for (String reason : List.of("address", "total")) {
            assertThat(ApiServer.figure(counters.families(),
                    "jpatroni_api_connections_rejected_total{reason=\"" + reason + "\"}")).isEqualTo(1.0);
        }
    }

    @ParameterizedTest
    @CsvSource({"192.0.2.1,192.0.2.1", "::ffff:192.0.2.1,192.0.2.1", "::1,::1", "2001:db8:1:2:3:4:5:6,2001:db8:1:2::",
            "fe80::1,fe80::1"})
    void oneClientIsOneAddress(String given, String counted) throws UnknownHostException {
        assertThat(Admission.normalised(InetAddress.getByName(given))).isEqualTo(InetAddress.getByName(counted));
    }
}
