package org.jpatroni.tidy;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.LambdaExpressionTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The house rules as functions from a source to what is wrong with it. The tables at the top are the rules; the design's reasons for
 * them are in {@code docs/architecture.md}.
 */
final class HouseRules {

    static final String ROOT = "org.jpatroni.";
    static final int FILE_LINES_MAX = 400;
    static final int METHOD_LINES_MAX = 70;

    /** Which package may use which. A package may always use itself. {@code app} wires everything and is not listed. */
    static final Map<String, List<String>> MAY_USE = new TreeMap<>(Map.ofEntries(
            Map.entry("model", List.of()),
            Map.entry("decide", List.of("model")),
            Map.entry("node", List.of("model")),
            Map.entry("runtime", List.of()),
            Map.entry("json", List.of()),
            Map.entry("config", List.of("model")),
            Map.entry("tls", List.of("config")),
            Map.entry("dcs", List.of("model", "config", "runtime", "json")),
            Map.entry("dcs.etcd", List.of("dcs", "model", "config", "runtime", "tls")),
            Map.entry("dcs.zookeeper", List.of("dcs", "model", "config", "runtime", "tls")),
            Map.entry("postgres", List.of("model", "config", "runtime", "tls", "citus")),
            Map.entry("watchdog", List.of("model", "config", "runtime")),
            Map.entry("peer", List.of("model", "runtime", "config", "tls")),
            Map.entry("citus", List.of("model", "runtime")),
            Map.entry("agent",
                    List.of("model", "decide", "node", "runtime", "config", "dcs", "postgres", "watchdog", "peer",
                            "citus")),
            Map.entry("operation",
                    List.of("node", "model", "decide", "runtime", "config", "dcs", "peer", "json", "agent", "citus")),
            Map.entry("api", List.of("node", "model", "config", "runtime", "tls", "json")),
            Map.entry("ctl", List.of("model", "config", "dcs"))));

    /** Libraries that belong to one or two packages, so that another choice stays a local change. */
    private static final Map<String, List<String>> LIBRARY_ROOMS = new TreeMap<>(Map.of(
            "io.netty.", List.of("api"),
            "org.apache.zookeeper.", List.of("dcs.zookeeper"),
            "org.postgresql.", List.of("postgres"),
            "org.yaml.snakeyaml.", List.of("config"),
            "picocli.", List.of("ctl")));

    private static final List<String> PURE_ROOMS = List.of("model", "decide");

    /** What a pure package may import besides {@code java.lang}: values and collections. */
    private static final List<String> PURE_IMPORTS = List.of("java.util.", "java.time.", "java.math.", "java.text.",
            "java.nio.charset.", "java.net.URI", "java.lang.", "org.jspecify.annotations.", ROOT);

    private static final Pattern PURE_IMPORT_BANNED = Pattern.compile(
            "java\\.util\\.concurrent\\..*|java\\.util\\.(Random|Timer|Scanner|HashMap|HashSet|Hashtable|IdentityHashMap|WeakHashMap)"
                    + "|java\\.util\\.(random|logging|prefs|zip|jar)\\..*|java\\.time\\.(Clock|InstantSource)"
                    + "|java\\.lang\\.(foreign|reflect|invoke)\\..*");

    /** Names that read a clock, draw a number, touch the outside, or iterate in an order salted per JVM start. */
    private static final Pattern PURE_NAME_BANNED = Pattern.compile(
            "(Set|Map)\\.(of|copyOf|ofEntries)|Collectors\\.(toSet|toUnmodifiableSet|toUnmodifiableMap)"
                    + "|(Hash|WeakHash|IdentityHash)(Map|Set)(\\..*)?|Thread(\\..*)?|ThreadLocal(\\..*)?|ProcessBuilder(\\..*)?"
                    + "|ProcessHandle(\\..*)?|Runtime\\.getRuntime|Math\\.random|UUID\\.randomUUID|ZoneId\\.systemDefault"
                    + "|System\\.(?!arraycopy$|lineSeparator$).*|[A-Za-z]+\\.parallelStream|Locale\\.getDefault");

    private static final Pattern CLOCK_NAMES = Pattern.compile("System\\.(nanoTime|currentTimeMillis)"
            + "|(Instant|LocalDateTime|LocalDate|LocalTime|OffsetDateTime|ZonedDateTime|Year)\\.now"
            + "|Clock\\.(system.*|tick.*)|InstantSource\\.system");

    private static final Pattern THREAD_NAMES = Pattern.compile(
            "Thread\\.(sleep|ofVirtual|ofPlatform|startVirtualThread)|Executors\\..*|TimeUnit\\.[A-Z]+\\.sleep|LockSupport\\.park.*");

    private static final Pattern UNFINISHED = Pattern.compile("\\b(" + "TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b");

    private HouseRules() {
    }

    /** Rules for production code. */
    static List<Violation> checkMain(SourceFile file) {
        List<Violation> found = new ArrayList<>(checkAny(file));
        if (!file.room().equals("app") && !file.room().isEmpty() && !MAY_USE.containsKey(file.room())) {
            found.add(new Violation(file.name(), 1, "package.known", "package " + file.room()
                    + " is not in the table of HouseRules: say there what it may use"));
        }
        new MainScanner(file, found).scan(file.unit(), null);
        return found;
    }

    /** Rules for every Java source: sizes, nothing left unfinished. */
    static List<Violation> checkAny(SourceFile file) {
        List<Violation> found = new ArrayList<>();
        long lines = file.text().lines().count();
        if (lines > FILE_LINES_MAX) {
            found.add(new Violation(file.name(), lines, "size.file", lines + " lines; at most " + FILE_LINES_MAX));
        }
        checkUnfinished(file.name(), file.text(), found);
        new SizeScanner(file, found).scan(file.unit(), null);
        return found;
    }

    /** Marks of unfinished work, in any text. */
    static void checkUnfinished(String name, String text, List<Violation> found) {
        Matcher matcher = UNFINISHED.matcher(text);
        while (matcher.find()) {
            long line = text.substring(0, matcher.start()).lines().count();
            found.add(new Violation(name, Math.max(1, line), "unfinished",
                    "no " + matcher.group() + " marks: do it, or open an issue"));
        }
    }

    /** A cycle in the table itself, as {@code a -> b -> a}, or null. The table is what the walls are made from, so it is checked too. */
    static @Nullable String cycle(Map<String, List<String>> mayUse) {
        for (String start : mayUse.keySet()) {
            String path = cycle(mayUse, start, start, start);
            if (path != null) {
                return path;
            }
        }
        return null;
    }

    private static @Nullable String cycle(Map<String, List<String>> mayUse, String start, String here, String path) {
        for (String next : mayUse.getOrDefault(here, List.of())) {
            String longer = path + " -> " + next;
            if (next.equals(start)) {
                return longer;
            }
            if (!(path + " ").contains(" " + next + " ")) {
                String found = cycle(mayUse, start, next, longer);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** Size of methods, constructors, initializers and lambda bodies. */
    private static final class SizeScanner extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final SourceFile file;
        private final List<Violation> found;

        SizeScanner(SourceFile file, List<Violation> found) {
            this.file = file;
            this.found = found;
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
            BlockTree body = method.getBody();
            if (body != null) {
                check(method, "method " + method.getName());
            }
            return super.visitMethod(method, null);
        }

        @Override
        public @Nullable Void visitLambdaExpression(LambdaExpressionTree lambda, @Nullable Void unused) {
            check(lambda, "lambda");
            return super.visitLambdaExpression(lambda, null);
        }

        private void check(Tree tree, String what) {
            long first = file.firstLine(tree);
            long lines = file.lastLine(tree) - first + 1;
            if (lines > METHOD_LINES_MAX) {
                found.add(new Violation(file.name(), first, "size.method", what + " has " + lines + " lines; at most "
                        + METHOD_LINES_MAX));
            }
        }
    }

    /** Direction of packages, libraries in their rooms, banned names. */
    private static final class MainScanner extends TreeScanner<@Nullable Void, @Nullable Void> {
        private final SourceFile file;
        private final List<Violation> found;
        private final String room;

        MainScanner(SourceFile file, List<Violation> found) {
            this.file = file;
            this.found = found;
            this.room = file.room();
        }

        @Override
        public @Nullable Void visitImport(ImportTree tree, @Nullable Void unused) {
            String name = tree.getQualifiedIdentifier().toString();
            checkUse(tree, name);
            if (PURE_ROOMS.contains(room)
                    && (PURE_IMPORTS.stream().noneMatch(name::startsWith)
                            || PURE_IMPORT_BANNED.matcher(name).matches())) {
                add(tree, "pure.import", "import of " + name + ": " + room + " holds values and pure functions only");
            }
            if (tree.isStatic()) {
                checkName(tree, shortName(name));
            }
            return null;
        }

        @Override
        public @Nullable Void visitMemberSelect(MemberSelectTree tree, @Nullable Void unused) {
            String name = tree.toString();
            if (isQualified(name)) {
                checkUse(tree, name);
            }
            checkName(tree, shortName(name));
            return super.visitMemberSelect(tree, null);
        }

        @Override
        public @Nullable Void visitMemberReference(MemberReferenceTree tree, @Nullable Void unused) {
            checkName(tree, shortName(tree.getQualifierExpression() + "." + tree.getName()));
            return super.visitMemberReference(tree, null);
        }

        @Override
        public @Nullable Void visitNewClass(NewClassTree tree, @Nullable Void unused) {
            if (tree.getIdentifier().toString().matches("(java\\.lang\\.)?Thread")) {
                checkOutsideRuntime(tree, "new Thread", "time.thread", "runtime.Tasks");
            }
            return super.visitNewClass(tree, null);
        }

        @Override
        public @Nullable Void visitIdentifier(IdentifierTree tree, @Nullable Void unused) {
            if (PURE_ROOMS.contains(room) && PURE_NAME_BANNED.matcher(tree.getName()).matches()) {
                banPure(tree, tree.getName().toString());
            }
            return super.visitIdentifier(tree, null);
        }

        @Override
        public @Nullable Void visitMethodInvocation(MethodInvocationTree tree, @Nullable Void unused) {
            // Two calls are harmless when they are told which map to make, and salted otherwise.
            String name = shortName(tree.getMethodSelect().toString());
            int given = tree.getArguments().size();
            boolean salted = name.equals("Collectors.toMap") && given < 4
                    || name.equals("Collectors.groupingBy") && given < 3;
            if (PURE_ROOMS.contains(room) && salted) {
                banPure(tree, name + " without a map supplier");
            }
            return super.visitMethodInvocation(tree, null);
        }

        private void checkUse(Tree tree, String name) {
            if (room.isEmpty() || room.equals("app")) {
                return;
            }
            LIBRARY_ROOMS.forEach((library, rooms) -> {
                if (name.startsWith(library) && !rooms.contains(room)) {
                    add(tree, "library.room", name + ": " + library + "* is for " + String.join(", ", rooms) + " only");
                }
            });
            if (!name.startsWith(ROOT)) {
                return;
            }
            String target = roomOf(name);
            if (!target.equals(room) && !MAY_USE.getOrDefault(room, List.of()).contains(target)) {
                add(tree, "package.direction", room + " must not use " + target + " (" + name + "); it may use "
                        + MAY_USE.getOrDefault(room, List.of()));
            }
        }

        private void checkName(Tree tree, String name) {
            if (CLOCK_NAMES.matcher(name).matches()) {
                checkOutsideRuntime(tree, name, "time.clock", "runtime.Time");
            } else if (THREAD_NAMES.matcher(name).matches()) {
                checkOutsideRuntime(tree, name, "time.thread", "runtime.Time or runtime.Tasks");
            } else if (PURE_ROOMS.contains(room) && PURE_NAME_BANNED.matcher(name).matches()) {
                banPure(tree, name);
            }
        }

        private void checkOutsideRuntime(Tree tree, String name, String rule, String instead) {
            if (!room.equals("runtime")) {
                add(tree, rule, name + " outside of runtime: use " + instead + ", so that the simulator can drive it");
            }
        }

        private void banPure(Tree tree, String name) {
            add(tree, "pure.call",
                    name + " in " + room + ": no clock, chance, thread, outside world or unordered collection here"
                            + " (List, SortedMap, LinkedHashMap instead)");
        }

        private void add(Tree tree, String rule, String text) {
            Violation violation = new Violation(file.name(), file.firstLine(tree), rule, text);
            // A qualified name is visited once per dot; say it once.
            if (found.stream()
                    .noneMatch(v -> v.line() == violation.line() && v.rule().equals(rule) && sameStart(v, violation))) {
                found.add(violation);
            }
        }

        private static boolean sameStart(Violation a, Violation b) {
            return a.text().equals(b.text()) || a.rule().equals("package.direction") || a.rule().equals("pure.call");
        }

        private static boolean isQualified(String name) {
            return name.startsWith(ROOT) || LIBRARY_ROOMS.keySet().stream().anyMatch(name::startsWith);
        }
    }

    /** {@code org.jpatroni.dcs.etcd.EtcdClient.Inner} to {@code dcs.etcd}: the lower-case parts after the root. */
    private static String roomOf(String name) {
        StringBuilder room = new StringBuilder();
        for (String part : name.substring(ROOT.length()).split("\\.", -1)) {
            if (part.isEmpty() || !Character.isLowerCase(part.charAt(0))) {
                break;
            }
            room.append(room.isEmpty() ? "" : ".").append(part);
        }
        return room.toString();
    }

    /** {@code java.time.Instant.now} to {@code Instant.now}; {@code TimeUnit.SECONDS.sleep} stays whole. */
    private static String shortName(String name) {
        return name.replaceFirst("^(?:[a-z][a-z0-9]*\\.)+(?=[A-Z])", "");
    }
}
