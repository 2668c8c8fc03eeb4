package org.jpatroni.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A rule that finds nothing proves nothing: each one is shown a source that breaks it, and one that does not. */
class HouseRulesTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "model  | import org.jpatroni.config.NodeConfig;    | package.direction",
            "api    | import org.jpatroni.agent.HaLoop;         | package.direction",
            "agent  | import org.jpatroni.api.Router;           | package.direction",
            "dcs    | import org.jpatroni.dcs.etcd.EtcdClient;  | package.direction",
            "agent  | import org.jpatroni.dcs.etcd.EtcdClient;  | package.direction",
            "strange| import java.util.List;                    | package.known",
            "agent  | import io.netty.buffer.ByteBuf;           | library.room",
            "decide | import java.nio.file.Path;                | pure.import",
            "decide | import java.util.concurrent.Executor;     | pure.import",
            "model  | import java.util.HashMap;                 | pure.import",
            "model  | import org.slf4j.Logger;                  | pure.import",
            "model  | import static java.util.Map.of;           | pure.call",
            "postgres | import static java.lang.Thread.sleep;   | time.thread"})
    void anImportThatBreaksTheHouseIsFound(String room, String importLine, String rule) {
        assertThat(check(room, importLine, "")).extracting(Violation::rule).contains(rule);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "decide | Object o = java.util.Set.of(1);                        | pure.call",
            "model  | Object o = Map.copyOf(other);                          | pure.call",
            "model  | Object o = list.stream().collect(Collectors.toSet());  | pure.call",
            "model  | Object o = s.collect(Collectors.toMap(a, b));          | pure.call",
            "decide | double d = Math.random();                              | pure.call",
            "decide | String s = System.getenv(\"HOME\");                    | pure.call",
            "decide | Object o = new HashSet<String>();                      | pure.call",
            "decide | long t = System.nanoTime();                            | time.clock",
            "agent  | Object o = java.time.Instant.now();                    | time.clock",
            "agent  | Supplier<Instant> s = Instant::now;                    | time.clock",
            "dcs    | void f() { Thread.sleep(1); }                          | time.thread",
            "api    | Object o = new Thread(() -> {});                       | time.thread",
            "api    | Object o = Executors.newCachedThreadPool();            | time.thread",
            "agent  | org.jpatroni.api.Router router;                        | package.direction"})
    void aCallThatBreaksTheHouseIsFound(String room, String member, String rule) {
        assertThat(check(room, "", member)).extracting(Violation::rule).containsExactly(rule);
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "Object o = List.of(1);",
            "Object o = new LinkedHashMap<String, String>(Map.<String, String>of().size());",
            "Object o = s.collect(Collectors.toMap(a, b, c, TreeMap::new));",
            "Instant then; Instant later() { return then.plusSeconds(1); }",
            "/** Not Set.of, not Thread.sleep: only a comment. */ String s = \"System.nanoTime()\";"})
    void whatIsAllowedInThePureCorePasses(String member) {
        String harmless = member.replace("Map.<String, String>of().size()", "3");
        assertThat(check("decide", "import org.jpatroni.model.Lsn;", harmless)).isEmpty();
    }

    @Test
    void clocksAndThreadsLiveInRuntime() {
        assertThat(check("runtime", "", "long t = System.nanoTime(); Object o = new Thread();")).isEmpty();
    }

    @Test
    void theFindingNamesFileLineAndRule() {
        List<Violation> found = check("agent", "", "int a;\n    long t = System.nanoTime();");
        assertThat(found.getFirst()).hasToString(
                "Sample.java:5: [time.clock] System.nanoTime outside of runtime: use runtime.Time, so that the simulator can drive it");
    }

    @Test
    void longFilesAndLongMethodsAreFound() {
        String body = "        f();\n".repeat(HouseRules.METHOD_LINES_MAX);
        String file = "int x;\n".repeat(HouseRules.FILE_LINES_MAX);
        assertThat(check("agent", "", "void f() {\n" + body + "}")).extracting(Violation::rule)
                .containsExactly("size.method");
        assertThat(check("agent", "", file)).extracting(Violation::rule).containsExactly("size.file");
    }

    @Test
    void unfinishedMarksAreFoundWithTheirLine() {
        List<Violation> found = new ArrayList<>();
        HouseRules.checkUnfinished("notes", "one\ntwo FIX" + "ME\n", found);
        assertThat(found).extracting(Violation::line).containsExactly(2L);
    }

    @Test
    void theTableOfPackagesHasNoCycle() {
        assertThat(HouseRules.cycle(HouseRules.MAY_USE)).isNull();
        assertThat(HouseRules.cycle(Map.of("a", List.of("b"), "b", List.of("a")))).isNotNull();
    }

    private static List<Violation> check(String room, String importLine, String member) {
        String text = "package org.jpatroni." + room + ";\n" + importLine + "\nfinal class Sample {\n    " + member
                + "\n}\n";
        return HouseRules.checkMain(SourceFile.of("Sample.java", text));
    }
}
