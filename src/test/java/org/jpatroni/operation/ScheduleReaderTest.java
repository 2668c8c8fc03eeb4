package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jpatroni.operation.ScheduleReader.Schedule;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Times as clients send them; what comes out was compared with what Patroni's parser makes of the same texts. */
class ScheduleReaderTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static Schedule read(@Nullable Object value) {
        return ScheduleReader.read(value, "switchover", NOW);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            2026-01-02T15:04+00                   | 2026-01-02T15:04:00+00:00
            2026-01-02 15:04:05 +0000             | 2026-01-02T15:04:05+00:00
            2026-01-02T15:04:05Z                  | 2026-01-02T15:04:05+00:00
            2026-01-02t15:04:05z                  | 2026-01-02T15:04:05+00:00
            2026-01-02T15:04:05.5Z                | 2026-01-02T15:04:05.500000+00:00
            2026-01-02T15:04:05,5Z                | 2026-01-02T15:04:05.500000+00:00
            2026-01-02T15:04:05.123456789+02:00   | 2026-01-02T15:04:05.123456+02:00
            20260102T150405Z                      | 2026-01-02T15:04:05+00:00
            2026-01-02T1504+00                    | 2026-01-02T15:04:00+00:00
            2026-01-02T15+00                      | 2026-01-02T15:00:00+00:00
            2026-01-02T15:04:05 UTC               | 2026-01-02T15:04:05+00:00
            2026-01-02T15:04:05+0530              | 2026-01-02T15:04:05+05:30
            2026-01-02T15:04:05-5                 | 2026-01-02T15:04:05-05:00
            2026-01-02T15:04:05 -07               | 2026-01-02T15:04:05-07:00
            2026-01-02 3:04 PM +00:00             | 2026-01-02T15:04:00+00:00
            2026-01-02 12:04 am Z                 | 2026-01-02T00:04:00+00:00
            2026-1-2 5:04+00                      | 2026-01-02T05:04:00+00:00
            2026/01/02 15:04 +00                  | 2026-01-02T15:04:00+00:00
            01/02/2026 15:04 +00                  | 2026-01-02T15:04:00+00:00
            Jan 2 2026 15:04 UTC                  | 2026-01-02T15:04:00+00:00
            15:04:00Z 2026-01-02                  | 2026-01-02T15:04:00+00:00
            2026-01-02T15:04:00 GMT+3             | 2026-01-02T15:04:00-03:00
            10 Sep 2026 10:11 UTC                 | 2026-09-10T10:11:00+00:00
            Fri, 02 Jan 2026 15:04:05 +0000       | 2026-01-02T15:04:05+00:00
            """)
    void formsThatClientsSend(String sent, String stored) {
        assertThat(read(sent)).isInstanceOfSatisfying(Schedule.At.class,
                at -> assertThat(at.text()).isEqualTo(stored));
    }

    @Test
    void nothingMeansNow() {
        for (Object nothing : Arrays.asList(null, "", false)) {
            assertThat(read(nothing)).isEqualTo(new Schedule.Now());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-01-02T15:04:05", "2026-01-02", "2026-01-02 15:04 EST", "20260102"})
    void withoutTimeZone(String sent) {
        assertThat(read(sent)).isEqualTo(
                new Schedule.Refused(400, "Timezone information is mandatory for the scheduled switchover"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2025-12-31T23:59:59Z", "2026-01-01T00:00+00:01", "0001-01-01T00:00Z"})
    void past(String sent) {
        assertThat(read(sent)).isEqualTo(new Schedule.Refused(422, "Cannot schedule switchover in the past"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"now", " ", "4102444800", "2026-13-02T15:04Z",
            "2026-02-30T15:04Z", "2026-01-02T24:00Z", "2026-01-02T15:04:60Z", "2026-01-02T15:04:05.Z",
            "2026-01-02+00:00", "2026-01-02 15:04:05+00:00:00", "2026-01-02T15:04+25", "2026-01-02 13:04 PM Z",
            "2026-01-02 0:04 PM Z", "10 Foo 2026 10:11 UTC", "15:04+00", "2026-01-02T15:04Z tomorrow"})
    void unreadable(String sent) {
        assertUnreadable(sent);
    }

    @Test
    void noTextIsUnreadable() {
        for (Object wrong : List.of(5, true, List.of("2026-01-02T15:04Z"), Map.of("a", 1))) {
            assertUnreadable(wrong);
        }
    }

    private static void assertUnreadable(Object sent) {
        assertThat(read(sent)).isEqualTo(new Schedule.Refused(422,
                "Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601"));
    }
}
