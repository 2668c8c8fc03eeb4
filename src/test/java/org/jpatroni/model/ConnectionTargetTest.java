package org.jpatroni.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Host and port out of a member's URL and out of a connection string. */
class ConnectionTargetTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"postgres://h:5433/postgres | h | 5433", "postgres://h/postgres | h | 5432",
            "postgres://h | h | 5432", "postgresql://h:5433 | h | 5433", "postgres://u:p@h:5433/db?x=y | h | 5433",
            "postgres://u:p:q@h:5433/db | h | 5433", "postgres://[::1]:5433/db | ::1 | 5433",
            "postgres://[fe80::1]/db | fe80::1 | 5432", "postgres://h:5433?x=a@b | h | 5433",
            "postgres://10.0.0.1:5432/a@b | 10.0.0.1 | 5432"})
    void ofUrl(String url, String host, String port) {
        assertThat(ConnectionTarget.ofUrl(url)).contains(new ConnectionTarget(host, port));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "h:5432", "postgres://", "postgres:///db", "postgres://:5432/db"})
    void nothingOfOtherUrls(String url) {
        assertThat(ConnectionTarget.ofUrl(url)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {"host=h port=5433 | h | 5433", "host=h | h | 5432",
            "port=5433 host=h user=x | h | 5433", "host = h port = 5433 | h | 5433", "host='h' port='5433' | h | 5433",
            "user='a b' host=h | h | 5432", "user='it\\'s' host=h | h | 5432",
            "password=a\\ host\\=x host=h | h | 5432",
            "application_name=host host=h port='' | h | 5432", "passfile=/x/host host=::1 port=1 | ::1 | 1",
            "hostaddr=10.0.0.1 host=h | h | 5432"})
    void ofConninfo(String conninfo, String host, String port) {
        assertThat(ConnectionTarget.ofConninfo(conninfo)).contains(new ConnectionTarget(host, port));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "port=5432", "host=", "host='' port=5432", "nothing", "user='host=h", "   "})
    void nothingOfOtherConninfo(String conninfo) {
        assertThat(ConnectionTarget.ofConninfo(conninfo)).isEqualTo(Optional.empty());
    }
}
