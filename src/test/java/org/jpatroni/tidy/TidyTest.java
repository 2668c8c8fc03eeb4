package org.jpatroni.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the whole source tree to the house rules; each failure names file, line and rule. */
class TidyTest {

    private static final Path MAIN = Path.of("src/main/java");
    private static final Path TESTS = Path.of("src/test/java");

    @Test
    void mainCodeKeepsTheHouseRules() {
        List<Violation> found = new ArrayList<>();
        SourceFile.below(MAIN).forEach(file -> found.addAll(HouseRules.checkMain(file)));
        assertNone(found);
    }

    @Test
    void testCodeKeepsTheSizesAndIsFinished() {
        List<Violation> found = new ArrayList<>();
        SourceFile.below(TESTS).forEach(file -> found.addAll(HouseRules.checkAny(file)));
        assertNone(found);
    }

    @Test
    void simulationDoesNotReachIntoTheWiring() {
        List<Violation> found = new ArrayList<>();
        for (SourceFile file : SourceFile.below(TESTS)) {
            if (file.room().equals("sim") || file.room().startsWith("sim.")) {
                file.unit().getImports().stream()
                        .filter(i -> i.getQualifiedIdentifier().toString().matches("org\\.jpatroni\\.(app|ctl)\\..*"))
                        .forEach(i -> found.add(new Violation(file.name(), file.firstLine(i), "package.direction",
                                "sim uses everything but app and ctl")));
            }
        }
        assertNone(found);
    }

    @Test
    void scriptsAreFinished() throws IOException {
        List<Violation> found = new ArrayList<>();
        for (Path folder : List.of(Path.of("bin"), Path.of("scripts"), Path.of("docs"), Path.of(".ci"))) {
            for (Path file : filesBelow(folder)) {
                HouseRules.checkUnfinished(file.toString(), Files.readString(file), found);
            }
        }
        assertNone(found);
    }

    @Test
    void everyPackageIsNullMarked() {
        List<Violation> found = new ArrayList<>();
        List<SourceFile> files = SourceFile.below(MAIN);
        files.stream().map(file -> Path.of(file.name()).getParent()).distinct()
                .filter(folder -> files.stream().noneMatch(file -> isNullMark(file, folder)))
                .forEach(folder -> found.add(new Violation(folder + "/package-info.java", 1, "null-marked",
                        "a package-info.java with @NullMarked is missing")));
        assertNone(found);
    }

    private static boolean isNullMark(SourceFile file, Path folder) {
        return Path.of(file.name()).equals(folder.resolve("package-info.java")) && file.text().contains("@NullMarked");
    }

    private static List<Path> filesBelow(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).filter(file -> !file.toString().endsWith(".png")).sorted()
                    .toList();
        }
    }

    private static void assertNone(List<Violation> found) {
        assertThat(found)
                .withFailMessage(() -> found.size() + " house rule(s) broken:\n"
                        + String.join("\n", found.stream().map(Violation::toString).toList()))
                .isEmpty();
    }
}
