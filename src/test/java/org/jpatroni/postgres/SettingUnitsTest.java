package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingUnitsTest {

    @ParameterizedTest
    @CsvSource({
            // type, unit, in effect, wanted, same
            "integer, , 100, 100, true",
            "integer, , 100, ' 100 ', true",
            "integer, , 100, 0x64, true",
            "integer, , 8, 010, true",
            "integer, , 100, 1e2, true",
            "integer, , 100, 101, false",
            "integer, , 100, abc, false",
            "integer, , 100, 100MB, false",
            "integer, 8kB, 16384, 128MB, true",
            "integer, 8kB, 16384, 131072kB, true",
            "integer, 8kB, 16384, 16384, true",
            "integer, 8kB, 131072, 1GB, true",
            "integer, 8kB, 16384, 128mb, false",
            "integer, kB, 4098, 4097.5kB, true",
            "integer, kB, 4097, 4097.4kB, true",
            "integer, MB, 1048576, 1TB, true",
            "integer, 16384kB, 64, ' 0x400 MB ', true",
            "integer, MB, 30822, 30.1GB, true",
            "integer, B, 1048576, 1MB, true",
            "integer, s, 300, 5min, true",
            "integer, s, 1, 1000 ms, true",
            "integer, ms, 86400000, 1d, true",
            "integer, min, 60, 1h, true",
            "integer, ms, 1000, 1MB, false",
            "integer, ms, -1, -1, true",
            "real, ms, 0.001, 1us, true",
            "real, , 0.5, .5, true",
            "real, , 1e-06, 0.000001, true",
            "bool, , on, 'true', true",
            "bool, , on, 1, true",
            "bool, , on, Y, true",
            "bool, , off, 'no', true",
            "bool, , on, off, false",
            "bool, , on, maybe, false",
            "enum, , replica, REPLICA, true",
            "enum, , replica, logical, false",
            "string, , remote_write, REMOTE_WRITE, false",
            "string, , a b, a b, true"})
    void tellsWhetherTwoTextsMeanTheSame(String type, String unit, String current, String wanted, boolean same) {
        assertThat(SettingUnits.same(type, unit, current, wanted)).isEqualTo(same);
    }

    @ParameterizedTest
    @CsvSource({
            "16384, integer, 8kB, 128MB",
            "1024, integer, kB, 1MB",
            "1025, integer, kB, 1025kB",
            "4, integer, 256MB, 1GB",
            "5, integer, ms, 5ms",
            "300, integer, s, 5min",
            "86400, integer, s, 1d",
            "4.2, real, ms, 4200us",
            "2.5, real, ms, 2500us",
            "0, integer, 8kB, 0",
            "-1, integer, 8kB, -1",
            "100, integer, , 100",
            "on, bool, , on",
            "replica, enum, , replica"})
    void showsAValueInItsLargestUnit(String value, String type, String unit, String shown) {
        assertThat(SettingUnits.shown(value, type, unit)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({
            "256MB, integer, 8kB, 256MB",
            "32768, integer, 8kB, 256MB",
            "262144kB, integer, 8kB, 256MB",
            "0x10, integer, , 16",
            "nonsense, integer, 8kB, nonsense",
            "yes, bool, , on",
            "0, bool, , off",
            "Logical, enum, , Logical"})
    void showsAWantedValueTheWayTheServerWill(String wanted, String type, String unit, String shown) {
        assertThat(PendingRestart.shown(wanted, type, unit)).isEqualTo(shown);
    }
}
