package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.Tree;
import org.jpatroni.operation.SwitchoverRequest.Reading;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bodies of {@code POST /switchover} and {@code POST /failover} against Patroni 4.1.4's texts. */
class SwitchoverRequestTest {

    private static Reading read(String call, String body, boolean paused) {
        Map<?, ?> tree = (Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(body));
        return SwitchoverRequest.read(call.equals("failover"), Tree.copyOf(tree), paused,
                Instant.parse("2026-01-01T00:00:00Z"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            switchover | {"candidate":"b"}                              | no  | 400 Switchover could be performed only from a specific leader
            switchover | {"leader":"","candidate":"b"}                  | no  | 400 Switchover could be performed only from a specific leader
            switchover | {"leader":null}                                | no  | 400 Switchover could be performed only from a specific leader
            failover   | {"leader":"a"}                                 | no  | 400 Failover could be performed only to a specific candidate
            failover   | {"candidate":"b","scheduled_at":"soon"}        | no  | 400 Failover can't be scheduled
            switchover | {"leader":"a","scheduled_at":"2026-01-02T00:00Z"} | yes | 400 Can't schedule switchover in the paused state
            switchover | {"leader":"a"}                                 | yes | 400 Switchover is possible only to a specific candidate in a paused state
            switchover | {"leader":"a","candidate":"a"}                 | no  | 400 Switchover target and source are the same
            switchover | {"leader":"a","candidate":"a","scheduled_at":"2026-01-02T00:00Z"} | no | 400 Switchover target and source are the same
            failover   | {"leader":"a","member":"a"}                    | no  | 400 Switchover target and source are the same
            switchover | {"leader":"a","scheduled_at":"2026-01-02T00:00"} | no | 400 Timezone information is mandatory for the scheduled switchover
            switchover | {"leader":"a","scheduled_at":"2025-01-02T00:00Z"} | no | 422 Cannot schedule switchover in the past
            switchover | {"leader":"a","scheduled_at":"soon"}           | no  | 422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601
            switchover | {"leader":5}                                   | no  | 400 leader must be the name of a member
            switchover | {"leader":"a","candidate":["b"]}               | no  | 400 candidate must be the name of a member
            failover   | {"member":true}                                | no  | 400 member must be the name of a member
            """)
    void refused(String call, String body, String paused, String expected) {
        assertThat(read(call, body, paused.equals("yes"))).isInstanceOfSatisfying(Reading.Refused.class,
                no -> assertThat(no.code() + " " + no.text()).isEqualTo(expected));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            switchover | {"leader":"a"}                                   | no  | switchover a any now
            switchover | {"leader":"a","candidate":"b"}                   | no  | switchover a b now
            switchover | {"leader":"a","member":"b","scheduled_at":""}    | no  | switchover a b now
            switchover | {"leader":"a","candidate":"","member":"b"}       | no  | switchover a b now
            switchover | {"leader":"a","candidate":"b"}                   | yes | switchover a b now
            switchover | {"leader":"a","scheduled_at":"2026-01-02T15:04+00"} | no | switchover a any 2026-01-02T15:04:00+00:00
            failover   | {"candidate":"b"}                                | no  | failover any b now
            failover   | {"candidate":"b","scheduled_at":null}            | yes | failover any b now
            failover   | {"leader":"a","candidate":"b"}                   | no  | switchover a b now
            """)
    void accepted(String call, String body, String paused, String expected) {
        assertThat(read(call, body, paused.equals("yes"))).isInstanceOfSatisfying(Reading.Accepted.class, accepted -> {
            SwitchoverRequest request = accepted.request();
            assertThat(request.action() + " " + request.leader().orElse("any") + " "
                    + request.candidate().orElse("any") + " " + request.at().map(at -> at.text()).orElse("now"))
                    .isEqualTo(expected);
            assertThat(request.toStore().scheduledAt().isPresent()).isEqualTo(!expected.endsWith("now"));
            assertThat(request.toStore().leader()).isEqualTo(Optional.of("a").filter(a -> request.isSwitchover()));
        });
    }
}
