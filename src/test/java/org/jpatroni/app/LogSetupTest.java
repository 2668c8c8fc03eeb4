package org.jpatroni.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.jpatroni.config.NodeConfig.LogConfig;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;

class LogSetupTest {

    private static final String TIME = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3}";

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Logger log = LoggerFactory.getLogger("org.jpatroni.agent.HaLoop");

    @AfterEach
    void back() {
        LogSetup.early();
    }

    private void apply(LogConfig config) {
        LogSetup.apply(config, new LogSink.Stream(new PrintStream(bytes, true, StandardCharsets.UTF_8)));
    }

    private static LogConfig config(String level, String format, String type) {
        LogConfig base = LogConfig.DEFAULT;
        return new LogConfig(level, Optional.of(format).filter(text -> !text.isEmpty()), base.dateformat(), type,
                base.dir(), base.fileSizeBytes(), base.fileNum(), Map.of("patroni.postgres", "ERROR", "kazoo", "DEBUG"),
                true, base.jsonFields(), Map.of("app", "db"), base.fileMode(), "ERROR", 1000);
    }

    private List<String> lines() {
        LogSetup.flush();
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void defaultLinesLookAsPatronis() {
        apply(LogConfig.DEFAULT);
        log.debug("not shown");
        log.info("no action. I am ({})", "pg1");
        log.warn("careful ü");
        log.error("bad", new IllegalStateException("because"));
        log.error(MarkerFactory.getMarker("CRITICAL"), "worst");
        LoggerFactory.getLogger("org.apache.zookeeper.Client").info("not shown");
        assertThat(lines().get(0)).matches(TIME + " INFO: no action\\. I am \\(pg1\\)");
        assertThat(lines().get(1)).matches(TIME + " WARNING: careful ü");
        assertThat(lines().get(2)).matches(TIME + " ERROR: bad");
        assertThat(lines().get(3)).isEqualTo("java.lang.IllegalStateException: because");
        assertThat(lines().getLast()).matches(TIME + " CRITICAL: worst");
        assertThat(String.join("", lines())).doesNotContain("not shown");
    }

    @Test
    void theFormatOfTheAcceptanceSuite() {
        apply(config("DEBUG", "%(asctime)s %(levelname)s [%(pathname)s:%(lineno)d - %(funcName)s]: %(message)s",
                "plain"));
        log.warn("text");
        assertThat(lines().getFirst()).matches(TIME + " WARNING \\[org/jpatroni/app/LogSetupTest.java:\\d+ - "
                + "theFormatOfTheAcceptanceSuite\\]: text");
        assertThat(lines().getFirst().substring(24)).startsWith("WARNING");
    }

    @Test
    void levelsOfLoggersAndRepeatedHeartbeats() {
        apply(config("INFO", "%(message)s", "plain"));
        LoggerFactory.getLogger("org.jpatroni.postgres.X").warn("not shown");
        for (String message : List.of("no action. A", "no action. A", "no action. B", "other", "no action. B")) {
            log.info(message);
        }
        assertThat(lines()).containsExactly("no action. A", "no action. B", "other", "no action. B");
    }

    @Test
    void errorsOfZooKeeperKeepToALine() {
        apply(LogConfig.DEFAULT);
        LoggerFactory.getLogger("org.apache.zookeeper.Server").error("gone", new IOException("end of file"));
        assertThat(lines()).singleElement().asString()
                .matches(TIME + " ERROR: gone, DETAIL: 'java.io.IOException: end of file'");
    }

    @Test
    void onlyCriticalLines() {
        apply(config("CRITICAL", "%(levelname)s", "plain"));
        log.error("no");
        log.error(LogSetup.CRITICAL, "yes");
        assertThat(lines()).containsExactly("CRITICAL");
    }

    @Test
    void jsonLines() {
        apply(config("INFO", "%(levelname)s %(message)s %(lineno)d", "json"));
        log.info("say \"hi\"\n");
        assertThat(lines().getFirst()).matches("\\{\"levelname\":\"INFO\",\"message\":\"say \\\\\"hi\\\\\"\\\\n\","
                + "\"lineno\":\\d+,\"app\":\"db\"}");
    }

    @Test
    void aLogThatNobodyReadsHoldsUpNobody() {
        CountDownLatch emptied = new CountDownLatch(1);
        List<String> got = Collections.synchronizedList(new ArrayList<>());
        LogSink sink = new LogSink() {
            @Override
            public void write(String line) {
                try {
                    emptied.await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
                got.add(line);
            }

            @Override
            public void close() {
                got.add("closed");
            }
        };
        LogWriter writer = new LogWriter(sink, 3, Tasks.system());
        for (int i = 0; i < 100; i++) {
            writer.offer("line " + i);
        }
        writer.flush(Duration.ofMillis(10));
        writer.flush(Duration.ofDays(1));
        assertThat(got).isEmpty();
        emptied.countDown();
        writer.close();
        await().until(() -> got.contains("closed"));
        assertThat(got.getFirst()).isEqualTo("line 0");
        assertThat(got.get(got.size() - 2)).matches("9[67] log lines were lost: .*");
    }

    @Test
    void filesRotate(@TempDir Path folder) throws IOException {
        LogSink.RotatingFile sink = new LogSink.RotatingFile(folder, 10, 2, OptionalInt.of(0640));
        for (String line : List.of("aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd")) {
            sink.write(line);
        }
        sink.close();
        assertThat(folder.resolve("patroni.log")).hasContent("dddddddd");
        assertThat(folder.resolve("patroni.log.1")).hasContent("cccccccc");
        assertThat(folder.resolve("patroni.log.2")).hasContent("bbbbbbbb");
        assertThat(folder.resolve("patroni.log.3")).doesNotExist();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("patroni.log"))))
                .isEqualTo("rw-r-----");
    }

    @Test
    void dateFormats() {
        ZonedDateTime time = ZonedDateTime.of(2026, 11, 2, 3, 4, 5, 678_000_000, ZoneOffset.ofHours(2));
        assertThat(new TimeFormat(Optional.empty()).format(time)).isEqualTo("2026-11-02 03:04:05,678");
        assertThat(new TimeFormat(Optional.of("%Y/%m/%d %H:%M:%S %z %b %a %j %p %s %%%Q")).format(time))
                .isEqualTo("2026/11/02 03:04:05 +0200 Nov Mon 306 AM 1793581445 %%Q");
    }
}
