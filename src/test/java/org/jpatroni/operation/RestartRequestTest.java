package org.jpatroni.operation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.Tree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The body of POST /restart, with the answers that Patroni 4.1.4 gave to the same. */
class RestartRequestTest {

    private static final Instant NOW = Instant.parse("2026-11-22T19:47:06Z");

    private static RestartRequest read(String body) throws RestartRequest.Refused {
        return RestartRequest.read(Tree.copyOf((Map<?, ?>) Objects.requireNonNull(PythonJsonReader.read(body))), NOW);
    }

    private static String answer(String body) {
        try {
            return "good " + read(body).shown();
        } catch (RestartRequest.Refused refused) {
            return refused.code() + " " + refused.getMessage();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{'role': 'bogus'}|400 PostgreSQL role should be either primary, standby_leader, or replica",
            "{'role': 'master'}|400 PostgreSQL role should be either primary, standby_leader, or replica",
            "{'role': 1}|400 PostgreSQL role should be either primary, standby_leader, or replica",
            "{'role': null}|400 PostgreSQL role should be either primary, standby_leader, or replica",
            "{'role': ['primary']}|400 PostgreSQL role should be either primary, standby_leader, or replica",
            "{'postgres_version': 'abc'}|400 Invalid PostgreSQL version: abc",
            "{'postgres_version': ''}|`400 Invalid PostgreSQL version: `",
            "{'postgres_version': '15.1a'}|400 Invalid PostgreSQL version: 15.1a",
            "{'postgres_version': 15}|400 Invalid PostgreSQL version: 15",
            "{'postgres_version': {}}|400 Invalid PostgreSQL version: {}",
            "{'postgres_version': '15'}|400 Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: 15",
            "{'postgres_version': '9.6'}|400 Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: 9.6",
            "{'postgres_version': '-1'}|400 Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: -1",
            "{'postgres_version': '1.2.3.4'}|400 Invalid PostgreSQL version format: X.Y or X.Y.Z is accepted: 1.2.3.4",
            "{'timeout': 0}|400 Timeout should be a positive number of seconds",
            "{'timeout': -1}|400 Timeout should be a positive number of seconds",
            "{'timeout': 'abc'}|400 Timeout should be a positive number of seconds",
            "{'timeout': null}|400 Timeout should be a positive number of seconds",
            "{'timeout': '0.4'}|400 Timeout should be a positive number of seconds",
            "{'timeout': 0.2}|400 Timeout should be a positive number of seconds",
            "{'timeout': '400ms'}|400 Timeout should be a positive number of seconds",
            "{'timeout': '10xyz'}|400 Timeout should be a positive number of seconds",
            "{'timeout': []}|400 Timeout should be a positive number of seconds",
            "{'timeout': {}}|400 Timeout should be a positive number of seconds",
            "{'timeout': false}|400 Timeout should be a positive number of seconds",
            "{'timeout': 1e400}|400 Timeout should be a positive number of seconds",
            "{'foo': 1}|400 Unknown filter for the scheduled restart: foo",
            "{'Role': 'primary'}|400 Unknown filter for the scheduled restart: Role",
            "{'schedule': 'garbage'}|422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            "{'schedule': ''}|422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            "{'schedule': null}|422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            "{'schedule': 12}|422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            "{'schedule': {'a': 1}}|422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            "{'schedule': '2020-01-01T00:00:00+00:00'}|422 Cannot schedule restart in the past",
            "{'schedule': '2026-11-22T20:47:06'}|400 Timezone information is mandatory for the scheduled restart",
            "{'schedule': '2026-11-22T20:47:06+00:00', 'foo': 1}|400 Unknown filter for the scheduled restart: foo",
            "{'schedule': 'garbage', 'role': 'bogus'}|422 Unable to parse scheduled timestamp. It should be in an unambiguous format, e.g. ISO 8601",
            "{'role': 'bogus', 'timeout': -1}|400 PostgreSQL role should be either primary, standby_leader, or replica"})
    void refusalsInTheOrderOfTheKeys(String body, String answer) {
        assertThat(answer(body.replace('\'', '"'))).isEqualTo(answer);
    }

    @Test
    void everyFilter() throws RestartRequest.Refused {
        RestartRequest request = read(
                """
                        {"schedule": "2100-01-01T12:30:00+02:00", "role": "primary", "postgres_version": "99.1", "timeout": "5min",
                         "restart_pending": true}""");
        assertThat(request.shown().toString()).isEqualTo(
                "{schedule=2100-01-01T12:30:00+02:00, role=primary, postgres_version=99.1, timeout=300, restart_pending=true}");
        assertThat(request.conditions().role()).contains("primary");
        assertThat(request.conditions().versionBelow()).hasValue(990001);
        assertThat(request.conditions().pendingRestart()).isTrue();
        assertThat(request.due().map(due -> due.toInstant())).contains(Instant.parse("2100-01-01T10:30:00Z"));
    }

    @Test
    void whatTheValueOfRestartPendingIsDoesNotMatter() throws RestartRequest.Refused {
        for (String value : List.of("true", "false", "\"True\"", "null", "[]")) {
            assertThat(read("{\"restart_pending\": " + value + "}").conditions().pendingRestart()).as(value).isTrue();
        }
        assertThat(read("{}").conditions().pendingRestart()).isFalse();
    }

    @Test
    void versionsAsNumbers() throws RestartRequest.Refused {
        assertThat(read("{\"postgres_version\": \"15.2.1\"}").conditions().versionBelow()).hasValue(150201);
        assertThat(read("{\"postgres_version\": \"9.6.1\"}").conditions().versionBelow()).hasValue(90601);
        assertThat(read("{\"postgres_version\": \"14.0\"}").conditions().versionBelow()).hasValue(140000);
    }
}
