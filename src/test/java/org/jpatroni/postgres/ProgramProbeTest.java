package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** PostgreSQL's own words, as 13 to 18 print them. */
class ProgramProbeTest {

    private static final Path FILE = Path.of("/data/.postgresql.conf.probe");

    private static List<String> parameters(String output) {
        return ProgramProbe.parse(output, FILE).stream().map(SettingsProbe.Complaint::parameter).toList();
    }

    @Test
    void namesTheParametersThatPostgresRefuses() {
        assertThat(parameters("""
                LOG:  unrecognized configuration parameter "foo" in file "/data/.postgresql.conf.probe" line 12
                LOG:  invalid value for parameter "work_mem": "a lot"
                HINT:  Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".
                LOG:  1 is outside the valid range for parameter "max_wal_size" (2 .. 2147483647)
                LOG:  64 kB is outside the valid range for parameter "temp_buffers" (100 .. 1073741823)
                LOG:  parameter "hot_standby" requires a Boolean value
                LOG:  invalid value for parameter "wal_level": "high"
                HINT:  Available values: minimal, replica, logical.
                FATAL:  configuration file "/data/.postgresql.conf.probe" contains errors
                """)).containsExactly("foo", "work_mem", "max_wal_size", "temp_buffers", "hot_standby", "wal_level");
    }

    @Test
    void whatOtherFilesHoldIsNotOurs() {
        assertThat(parameters("""
                LOG:  unrecognized configuration parameter "foo" in file "/data/postgresql.auto.conf" line 1
                FATAL:  configuration file "postgresql.auto.conf" contains errors
                """)).isEmpty();
    }
}
