package org.jpatroni.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.config.NodeConfig.LogConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The section {@code log} as an operator writes it, taken over one after the other, as reloads do. */
class LogReloadTest {

    private final Logger log = LoggerFactory.getLogger("org.jpatroni.agent.HaLoop");

    @TempDir private Path folder;

    @AfterEach
    void back() {
        LogSetup.early();
    }

    private LogConfig section(String yaml) throws Exception {
        Path file = folder.resolve("node.yml");
        Files.writeString(file, """
                scope: a
                name: b
                restapi: {listen: '127.0.0.1:8008'}
                postgresql: {listen: '127.0.0.1:5432', data_dir: /data, authentication: {superuser: {username: p},
                  replication: {username: r}}}
                log: %s
                """.formatted(yaml));
        return ConfigLoader.load(Optional.of(file), Map.of()).config().log();
    }

    private String written() throws Exception {
        LogSetup.flush();
        return Files.readString(folder.resolve("patroni.log"));
    }

    @Test
    void filesFollowTheSection() throws Exception {
        LogSetup.apply(section("{dir: '" + folder + "', format: '%(message)s', mode: 0640}"));
        log.info("one");
        log.debug("not shown");
        assertThat(written()).isEqualTo("one\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("patroni.log"))))
                .isEqualTo("rw-r-----");

        LogSetup.apply(section("{dir: '" + folder + "', format: '%(levelname)s %(message)s', level: DEBUG}"));
        log.debug("two");
        assertThat(written()).isEqualTo("one\nDEBUG two\n");

        LogSetup.apply(section("{dir: '" + folder + "', format: '%(message)s', file_size: 5, file_num: 1}"));
        log.info("three");
        assertThat(written()).isEqualTo("three\n");
        assertThat(folder.resolve("patroni.log.1")).hasContent("one\nDEBUG two");

        LogSetup.apply(section("{dir: '" + folder + "', format: '%(message)s', loggers: {patroni.agent: ERROR}}"));
        log.warn("not shown");
        LoggerFactory.getLogger("org.jpatroni.postgres.X").warn("four");
        LogSetup.apply(section("{}"));
        log.info("to the standard error stream");
        assertThat(written()).isEqualTo("three\nfour\n");
    }

    @Test
    void folderThatIsMissingIsNotMade() throws Exception {
        Path missing = folder.resolve("missing");
        LogSetup.apply(section("{dir: '" + missing + "'}"));
        log.info("to the standard error stream");
        LogSetup.flush();
        assertThat(missing).doesNotExist();
    }

    @Test
    void layoutsFollowTheSection() throws Exception {
        assertThat(lines(section("{format: '%(asctime)s|%(message)s', dateformat: '%d.%m.%Y'}")))
                .matches("\\d\\d\\.\\d\\d\\.\\d{4}\\|bad\njava\\.lang\\.IllegalStateException: because\n\tat (?s:.*)");
        assertThat(lines(section("{format: '%(message)s', traceback_level: DEBUG}")))
                .isEqualTo("bad, DETAIL: 'java.lang.IllegalStateException: because'\n");
        assertThat(lines(section("{type: json, format: [message, {levelname: severity}], static_fields: {app: db}, "
                + "traceback_level: DEBUG}")))
                .isEqualTo("{\"message\":\"bad\",\"severity\":\"ERROR\","
                        + "\"exc_info\":\"java.lang.IllegalStateException: because\",\"app\":\"db\"}\n");
    }

    private String lines(LogConfig config) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LogSetup.apply(config, new LogSink.Stream(new PrintStream(bytes, true, StandardCharsets.UTF_8)));
        log.error("bad", new IllegalStateException("because"));
        LogSetup.flush();
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
