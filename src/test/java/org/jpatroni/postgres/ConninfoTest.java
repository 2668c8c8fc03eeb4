package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConninfoTest {

    @Test
    void readsPairs() {
        assertThat(Conninfo.parse(" host = 'a host' dbname = db\\ name empty='' port=5432")).contains(
                map("host", "a host", "dbname", "db name", "empty", "", "port", "5432"));
        assertThat(Conninfo.parse("")).contains(Map.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "host=a foo = '", "just words", "=x"})
    void refusesWhatLibpqRefuses(String text) {
        assertThat(Conninfo.parse(text)).isEqualTo(Optional.empty());
    }

    @Test
    void readsUrls() {
        assertThat(Conninfo.parse("postgres://127.0.0.1:5433/postgres")).contains(
                map("host", "127.0.0.1", "port", "5433", "dbname", "postgres"));
        assertThat(Conninfo.parse("postgresql://u%2Fse:p%40ss@[::1]/db%2Fsdf?application_name=mya%2Fpp")).contains(
                map("user", "u/se", "password", "p@ss", "host", "::1", "dbname", "db/sdf", "application_name",
                        "mya/pp"));
        assertThat(Conninfo.parse("postgres://a:1,b,c:3/x")).contains(
                map("host", "a,b,c", "port", "1,,3", "dbname", "x"));
    }

    @Test
    void writesKeysInPatronisOrderAndAsFarAsTheVersionKnowsThem() {
        Map<String, String> values = map("sslnegotiation", "postgres", "application_name", "node1", "host", "h", "port",
                "5432", "user", "rep licator", "dbname", "postgres", "password", "secret", "passfile", "/x/pgpass");
        assertThat(Conninfo.format(values, 16)).isEqualTo(
                "dbname=postgres user=rep\\ licator passfile=/x/pgpass host=h port=5432 application_name=node1");
        assertThat(Conninfo.format(values, 17)).endsWith(" application_name=node1 sslnegotiation=postgres");
    }

    @Test
    void whatWasWrittenIsReadBack() {
        Map<String, String> values = map("user", "it's", "host", "a\\b", "application_name", "two words");
        assertThat(Conninfo.parse(Conninfo.format(values, 18))).contains(values);
    }

    @Test
    void passwordsAreTakenOut() {
        assertThat(ReplicationQuery.withoutPassword("user=u password='p w' host=h sslpassword=q"))
                .isEqualTo("user=u host=h");
    }

    private static Map<String, String> map(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
