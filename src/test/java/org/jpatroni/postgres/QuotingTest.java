package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jpatroni.config.Secret;
import org.junit.jupiter.api.Test;

class QuotingTest {

    @Test
    void linesOfConfigurationFilesDoubleQuotesAndBackslashes() {
        assertThat(Quoting.configurationLine("archive_command", "cp '%p' \\\\host\\%f"))
                .isEqualTo("archive_command = 'cp ''%p'' \\\\\\\\host\\\\%f'");
        assertThat(Quoting.configurationLine("a", "")).isEqualTo("a = ''");
        assertThat(Quoting.configurationLine("a", "one\ntwo")).isEqualTo("a = 'one\\ntwo'");
    }

    @Test
    void namesThatWouldBreakTheFileAreNoNames() {
        assertThat(Quoting.isParameterName("max_connections")).isTrue();
        assertThat(Quoting.isParameterName("pg_stat_statements.max")).isTrue();
        assertThat(Quoting.isParameterName("a = 'b'\nc")).isFalse();
        assertThat(Quoting.isParameterName("")).isFalse();
        assertThat(Quoting.isParameterName("1a")).isFalse();
    }

    @Test
    void valuesOfConnectionStringsGetBackslashes() {
        assertThat(Quoting.conninfoValue("it's a \\ path")).isEqualTo("it\\'s\\ a\\ \\\\\\ path");
        assertThat(Quoting.conninfoValue("")).isEqualTo("''");
        assertThat(Quoting.conninfoValue("plain")).isEqualTo("plain");
    }

    @Test
    void identifiersAndLiterals() {
        assertThat(Quoting.identifier("we\"ird")).isEqualTo("\"we\"\"ird\"");
        assertThat(Quoting.literal("o'neil")).isEqualTo("'o''neil'");
        assertThat(Quoting.literal("back\\slash'")).isEqualTo(" E'back\\\\slash'''");
        assertThatThrownBy(() -> Quoting.literal("a\0b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void passwordFilesHaveALinePerHostAndEscapeColons() {
        assertThat(PgPass.content("127.0.0.1", "5432", "replicator", new Secret("a:b\\c")))
                .isEqualTo("127.0.0.1:5432:*:replicator:a\\:b\\\\c\n");
        assertThat(PgPass.content("one, two", "5432", "", new Secret("x")))
                .isEqualTo("one:5432:*:*:x\ntwo:5432:*:*:x\n");
        assertThat(PgPass.content("one,one", "5432,5433", "u", new Secret("x")))
                .isEqualTo("one:5432:*:u:x\none:5433:*:u:x\n");
        assertThat(PgPass.content("", "", "u", new Secret("x"))).isEqualTo("*:*:*:u:x\n");
        assertThat(PgPass.content("/var/run/postgresql", "5432", "u", new Secret("x")))
                .isEqualTo("/var/run/postgresql:5432:*:u:x\nlocalhost:5432:*:u:x\n");
        assertThat(PgPass.content("::1", "5432", "u", new Secret("x"))).isEqualTo("\\:\\:1:5432:*:u:x\n");
    }
}
