package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.TimelineHistory.Entry;
import org.jpatroni.postgres.DivergenceCheck.LocalEnd;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.jpatroni.postgres.PostmasterFile.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The texts that come from PostgreSQL, the kernel and users' configuration, read and written. */
class TextsTest {

    @Test
    void commandsAreSplitAsByAShell() {
        assertThat(ShellWords.split("a  'b c' \"d e\"f\tg\\ h \"\" '\\' \"\\\"\\x\"")).containsExactly("a", "b c",
                "d ef",
                "g h", "", "\\", "\"\\x");
        assertThat(ShellWords.split("  ")).isEmpty();
        assertThatThrownBy(() -> ShellWords.split("a 'b")).hasMessageContaining("not closed");
        assertThatThrownBy(() -> ShellWords.split("a \\")).hasMessageContaining("backslash");
    }

    @Test
    void optionsComeAsListOrMapping() {
        List<String> problems = new ArrayList<>();
        assertThat(OptionList.toArguments("basebackup", List.of("verbose", Map.of("checkpoint", "fast"), Map.of("label",
                "'a b'"), Map.of("pgdata", "/x"), 5), Set.of("pgdata"), problems::add))
                .containsExactly("--verbose", "--checkpoint=fast", "--label=a b");
        assertThat(problems).hasSize(2);
        assertThat(OptionList.toArguments("basebackup", Map.of("max-rate", "100M"), Set.of(), problems::add))
                .containsExactly("--max-rate=100M");
        assertThat(OptionList.toArguments("basebackup", null, Set.of(), problems::add)).isEmpty();
    }

    @Test
    void postmasterPidIsReadAsFarAsItIsWritten() {
        PostmasterFile whole = PostmasterFile.parse(List.of("123", "/data", "1700000000", "5432", "/tmp", "localhost",
                " 5432001   32", "standby ")).orElseThrow();
        assertThat(whole).isEqualTo(new PostmasterFile(123, 1_700_000_000L, Optional.of(5432), Optional.of("/tmp"),
                Optional.of("localhost"), Status.STANDBY));
        assertThat(PostmasterFile.parse(List.of("123", "/data")).orElseThrow().status()).isEqualTo(Status.UNKNOWN);
        assertThat(PostmasterFile.parse(List.of("-7", "/data")).orElseThrow().isSingleUser()).isTrue();
        assertThat(PostmasterFile.parse(List.of())).isEmpty();
        assertThat(PostmasterFile.parse(List.of("garbage"))).isEmpty();
    }

    @Test
    void aZombieIsNotAlive() {
        String fields = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assertThat(ProcFs.parseStat(9, "9 (post (gres) x) S" + fields).orElseThrow())
                .isEqualTo(new ProcFs.Stat(9, 'S', 1, 4711)).matches(ProcFs.Stat::isAlive);
        assertThat(ProcFs.parseStat(9, "9 (postgres) Z" + fields).orElseThrow().isAlive()).isFalse();
        assertThat(ProcFs.parseStat(9, "9 (postgres")).isEmpty();
    }

    @Test
    void usersOfSharedMemoryAreCountedByTheKernel() {
        String table = """
                       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid
                   2303093   1704097   600                    56 24182 24184      6   101   104   101   104
                   2303099   1704098   600                    56 24182 24184      0   101   104   101   104
                """;
        assertThat(ProcFs.sharedMemoryUsers(table, 1704097)).hasValue(6);
        assertThat(ProcFs.sharedMemoryUsers(table, 1704098)).hasValue(0);
        assertThat(ProcFs.sharedMemoryUsers(table, 7)).isEmpty();
        assertThat(ProcFs.sharedMemoryUsers("", 7)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres: checkpointer ", "postgres: batman: walwriter ", "postgres: a: b: logger",
            "postgres: walsender replicator 127.0.0.1(5) streaming 0/3000000", "postgres: autovacuum launcher ",
            "postgres: batman: logical replication launcher "})
    void processesThatNeverCommitForAClient(String title) {
        assertThat(PostmasterProcess.isAuxiliary(title)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres: alice test [local] idle", "postgres: batman: alice test 10.0.0.1(5) COMMIT",
            "postgres: parallel worker for PID 5 ", "postgres: autovacuum worker test",
            "postgres: logical replication worker for subscription 16400 ", "/usr/lib/postgresql/15/bin/postgres",
            "postgres: startupuser test [local] idle"})
    void processesThatMayCommit(String title) {
        assertThat(PostmasterProcess.isAuxiliary(title)).isFalse();
    }

    @Test
    void historyFilesAreReadWithComments() {
        assertThat(TimelineFile.parse("1\t0/3000000\tno recovery target specified\n\n# x\n2\t1/A0\tbefore 2026 x\n"))
                .containsExactly(entry(1, "0/3000000", "no recovery target specified"),
                        entry(2, "1/A0", "before 2026 x"));
    }

    @ParameterizedTest(name = "{0} {1} {2} end {3}: {4}")
    @CsvSource({
            "standby, 1, 0/3000000, , NONE",
            "standby, 1, 0/2FFFFFF, , NONE",
            "standby, 1, 0/3000001, , DIVERGED",
            "standby, 2, 0/4000000, , NONE",
            "primary, 1, 0/2FFFF88, 0/3000000, NONE",
            "primary, 1, 0/2FFFF00, 0/2FFFF78, DIVERGED",
            "primary, 1, 0/3000000, 0/3000078, DIVERGED",
            "primary, 1, 0/2FFFF88, , DIVERGED",
            "standby, 3, 0/9000000, , NONE",
            "standby, 4, 0/1000000, , DIVERGED"})
    void divergenceFromATimelineThatLeftAtTheSwitchPoint(String role, int timeline, String position, String end,
            Divergence expected) {
        LocalEnd local = new LocalEnd(role.equals("standby"), timeline, Lsn.parse(position),
                Optional.ofNullable(end).map(Lsn::parse));
        Lineage upstream = new Lineage(3, List.of(entry(1, "0/3000000", ""), entry(2, "0/5000000", "")));
        assertThat(DivergenceCheck.compare(local, Optional.empty(), upstream)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "ours {0} from {1}, theirs {2} from {3}: {4}")
    @CsvSource({
            "1, '', 1, '', NONE",
            "3, '1@0/3000000 2@0/5000000', 3, '1@0/3000000 2@0/5000000', NONE",
            "3, '1@0/3000000 2@0/5000000', 3, '1@0/3000000 2@0/5000100', FORKED",
            "3, '1@0/3000000 2@0/5000000', 3, '1@0/3000000', FORKED",
            "2, '1@0/3000000', 3, '1@0/3000000 2@0/5000000', NONE",
            "2, '1@0/3000000', 3, '1@0/3000010 2@0/5000000', DIVERGED",
            "2, '1@0/3000000', 3, '1@0/3000000', DIVERGED",
            "3, '1@0/3000000 2@0/3800000', 2, '1@0/3000000', DIVERGED",
            "3, '', 3, '1@0/3000000', NONE"})
    void timelinesOfOneNumberThatBeganTwice(int timeline, String history, int theirTimeline, String theirHistory,
            Divergence expected) {
        LocalEnd local = new LocalEnd(true, timeline, Lsn.parse("0/4000000"), Optional.empty());
        Optional<Lineage> ours = timeline > 1 && history.isEmpty()
                ? Optional.empty()
                : Optional.of(lineage(timeline, history));
        assertThat(DivergenceCheck.compare(local, ours, lineage(theirTimeline, theirHistory))).isEqualTo(expected);
    }

    private static Lineage lineage(int timeline, String history) {
        return new Lineage(timeline, TimelineFile.parse(history.replace('@', '\t').replace(' ', '\n')));
    }

    @Test
    void recordsEndBehindThePageHeadersTheyCross() {
        int segment = 16 << 20;
        assertThat(WalRecord.skip(0x100, 114, segment)).isEqualTo(0x100 + 120);
        // Ends exactly at the page.
        assertThat(WalRecord.skip(0x2000 - 120, 114, segment)).isEqualTo(0x2000);
        // 16 bytes before the page, a short header of 24, the rest.
        assertThat(WalRecord.skip(0x2000 - 16, 114, segment)).isEqualTo(0x2000 + 24 + 104);
        // At a segment the header is long.
        assertThat(WalRecord.skip(segment - 16, 114, segment)).isEqualTo(segment + 40 + 104);
        assertThat(WalRecord.segmentName(3, 0x1_0200_0028L, segment)).isEqualTo("000000030000000100000002");
    }

    @Test
    void archiveCommandsAreFilled() {
        assertThat(WalArchiver.fill("cp %p /x/%f 100%% %q %", "pg_wal/1", "1")).isEqualTo("cp pg_wal/1 /x/1 100% %q %");
    }

    @Test
    void recoverySettingsAreReadBack() {
        Map<String, String> found = new HashMap<>();
        RecoveryLines.parse("# recovery.conf\nprimary_conninfo = 'user=a passfile=''x'' b=c\\\\d'\n"
                + "primary_slot_name = 'b'\nport = 5432\n", found);
        assertThat(found).isEqualTo(Map.of("primary_conninfo", "user=a passfile='x' b=c\\d", "primary_slot_name", "b"));
    }

    @Test
    void flagsAreThoseOfYamlAndPython() {
        assertThat(List.of(true, "1", "on", "true", 1)).allMatch(Truth::of);
        assertThat(List.of(false, "0", "off", "false", "", 0)).noneMatch(Truth::of);
        assertThat(Truth.text(true)).isEqualTo("True");
    }

    private static Entry entry(int timeline, String lsn, String reason) {
        return new Entry(timeline, Lsn.parse(lsn), reason, Optional.empty(), Optional.empty());
    }
}
