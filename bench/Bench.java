import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** The measurements of {@code bench/run}: see there. Prints tables for {@code docs/performance.md}. */
public final class Bench {

    private static final int ROUNDS = Integer.getInteger("rounds", 4);
    private static final int RUNS = Integer.getInteger("runs", 5);
    private static final int WARM_UP_SECONDS = Integer.getInteger("warm", 5);
    /** First of the ports: a second measurement on the same machine takes others. */
    private static final int BASE = Integer.getInteger("base", 18300);
    private static final boolean WITH_PATRONI = System.getenv("PATRONI_SRC") != null;

    private Bench() {
    }

    public static void main(String[] arguments) throws Throwable {
        Nodes.reapOrphans();
        boolean met = true;
        try {
            switch (arguments.length > 0 ? arguments[0] : "") {
                case "api" -> api();
                case "ha" -> ha();
                case "switchover" -> switchover();
                case "restart" -> restart();
                case "steady" -> met = Steady.run();
                default -> throw new IllegalArgumentException("usage: bench/run api|ha|switchover|restart|steady");
            }
        } finally {
            Nodes.endAll();
        }
        System.exit(met ? 0 : 1);
    }

    // -- the REST API ---------------------------------------------------------------------------------------------------------------------

    /** Something that is asked. */
    private record Target(String name, int port, List<Long> pids, boolean keepsAlive) {
    }

    private static void api() throws Exception {
        try (Nodes jpatroni = new Nodes("jpatroni", 1, 18100)) {
            jpatroni.startAll();
            List<Target> targets = new ArrayList<>();
            targets.add(nginx());
            targets.add(new Target("JPatroni", jpatroni.rest(0), List.of(jpatroni.daemons[0].pid()), true));
            Nodes patroni = WITH_PATRONI ? new Nodes("patroni", 1, 18200) : null;
            if (patroni != null) {
                patroni.startAll();
                targets.add(new Target("Patroni", patroni.rest(0), List.of(patroni.daemons[0].pid()), false));
            }
            warmUp(targets);
            checks(targets);
            System.out.printf(Locale.ROOT, "%nResident memory after the load: JPatroni %.0f MB%s%n",
                    Nodes.residentMegabytes(jpatroni.daemons[0].pid()), patroni == null ? ""
                            : String.format(Locale.ROOT, ", Patroni %.0f MB", Nodes.residentMegabytes(patroni.daemons[0].pid())));
            starts(jpatroni);
            if (patroni != null) {
                starts(patroni);
                patroni.close();
            }
        }
    }

    private static Target nginx() throws Exception {
        Path dir = Files.createTempDirectory("nginx");
        Path config = dir.resolve("nginx.conf");
        Files.writeString(config, """
                daemon off; master_process off; pid %1$s/pid; error_log %1$s/error.log;
                events { worker_connections 4096; }
                http { access_log off; keepalive_requests 100000000; client_body_temp_path %1$s/b; proxy_temp_path %1$s/p;
                  fastcgi_temp_path %1$s/f; uwsgi_temp_path %1$s/u; scgi_temp_path %1$s/s;
                  server { listen 127.0.0.1:18090 backlog=1024; location / { default_type application/json; return 200 '%2$s'; } } }
                """.formatted(dir, "x".repeat(340)));
        Process process = Nodes.spawn(dir.resolve("log"), Map.of(), "nginx", "-e", dir + "/error.log", "-c", config.toString());
        Nodes.await(10, "nginx", () -> Nodes.status(18090, "/") == 200);
        return new Target("nginx, static", 18090, List.of(process.pid()), true);
    }

    /** A daemon runs for weeks: what the compiler of its first seconds costs is measured by the start, not here. */
    private static void warmUp(List<Target> targets) throws IOException {
        for (Target target : targets) {
            for (int connections : new int[] {64, 1, 8}) {
                new HttpLoad(target.port(), "/primary", false).run(connections, WARM_UP_SECONDS);
                if (target.keepsAlive()) {
                    new HttpLoad(target.port(), "/primary", true).run(connections, WARM_UP_SECONDS);
                }
            }
        }
    }

    private static void checks(List<Target> targets) throws IOException {
        System.out.println("| GET /primary | connections | server | checks/s, median (best) | p50 ms | p99 ms | errors | CPU ms per 1,000 | of nginx |");
        System.out.println("|---|---|---|---|---|---|---|---|---|");
        for (boolean keepAlive : new boolean[] {false, true}) {
            for (int connections : new int[] {1, 8, 64}) {
                Map<String, List<double[]>> rows = new LinkedHashMap<>();
                for (int round = 0; round < ROUNDS; round++) {
                    for (Target target : targets) {
                        if (keepAlive && !target.keepsAlive()) {
                            continue;
                        }
                        double cpu = Nodes.cpuMillis(target.pids());
                        HttpLoad.Result result = new HttpLoad(target.port(), "/primary", keepAlive).run(connections, 1);
                        double used = Nodes.cpuMillis(target.pids()) - cpu;
                        rows.computeIfAbsent(target.name(), name -> new ArrayList<>()).add(new double[] {result.perSecond(),
                                result.p50Millis(), result.p99Millis(), result.errors(),
                                used * 1000 / Math.max(1, result.answers())});
                    }
                }
                double base = median(rows.get("nginx, static"), 0);
                rows.forEach((name, values) -> System.out.printf(Locale.ROOT,
                        "| %s | %d | %s | %.0f (%.0f) | %.2f | %.2f | %.0f | %.0f | %.2f |%n",
                        keepAlive ? "keep-alive" : "close", connections, name, median(values, 0),
                        values.stream().mapToDouble(value -> value[0]).max().orElse(0), median(values, 1), median(values, 2),
                        values.stream().mapToDouble(value -> value[3]).sum(), median(values, 4), median(values, 0) / base));
            }
        }
    }

    private static double median(List<double[]> rows, int column) {
        double[] values = rows.stream().mapToDouble(row -> row[column]).sorted().toArray();
        return values[values.length / 2];
    }

    /** Start of the daemon beside a PostgreSQL that runs. */
    private static void starts(Nodes nodes) throws Exception {
        double[] first = new double[RUNS];
        double[] healthy = new double[RUNS];
        for (int run = 0; run < RUNS; run++) {
            Nodes.kill(nodes.daemons[0].pid());
            nodes.daemons[0].waitFor();
            long begun = System.nanoTime();
            nodes.start(0);
            Nodes.await(60, "an answer", () -> Nodes.status(nodes.rest(0), "/liveness") > 0);
            first[run] = (System.nanoTime() - begun) / 1e6;
            Nodes.await(60, "200 of /health", () -> Nodes.status(nodes.rest(0), "/health") == 200);
            healthy[run] = (System.nanoTime() - begun) / 1e6;
        }
        System.out.printf(Locale.ROOT, "Start of %s beside a running PostgreSQL: first answer %s ms, /health 200 %s ms (min / median / max of %d)%n",
                nodes.kind, spread(first), spread(healthy), RUNS);
    }

    private static String spread(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return String.format(Locale.ROOT, "%.0f / %.0f / %.0f", sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]);
    }

    // -- high availability ----------------------------------------------------------------------------------------------------------------

    private static void ha() throws Exception {
        System.out.println("| event | daemon | n | time without writes, ms (min / median / max) | acknowledged rows lost |");
        System.out.println("|---|---|---|---|---|");
        for (String kind : WITH_PATRONI ? List.of("jpatroni", "patroni") : List.of("jpatroni")) {
            try (Nodes nodes = new Nodes(kind, 3, BASE + (kind.equals("jpatroni") ? 0 : 100))) {
                nodes.startAll();
                switchovers(nodes, "to the leader", true);
                switchovers(nodes, "to a replica", false);
                restarts(nodes);
                event(nodes, "SIGKILL of the postmaster", RUNS, Bench::killPostmaster);
                event(nodes, "loss of the whole node, ttl 30", Math.min(RUNS, 3), Bench::killNode);
                event(nodes, "SIGKILL of the agent only, ttl 30", Math.min(RUNS, 2), Bench::killAgent);
            }
        }
    }

    /** Only the planned moves of {@code ha}. */
    private static void switchover() throws Exception {
        for (String kind : WITH_PATRONI ? List.of("jpatroni", "patroni") : List.of("jpatroni")) {
            try (Nodes nodes = new Nodes(kind, 3, BASE + (kind.equals("jpatroni") ? 0 : 100))) {
                nodes.startAll();
                switchovers(nodes, "to the leader", true);
                switchovers(nodes, "to a replica", false);
            }
        }
    }

    /** The call names leader and candidate; it is timed as well. */
    private static void switchovers(Nodes nodes, String name, boolean toLeader) throws Exception {
        double[] gaps = new double[RUNS];
        double[] calls = new double[RUNS];
        List<Integer> lost = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
            Nodes.await(120, "the whole cluster", nodes::isWhole);
            Thread.sleep(2000 + run * 1700L);
            int leader = nodes.leader();
            int candidate = (leader + 1) % nodes.count;
            int asked = toLeader ? leader : (leader + 2) % nodes.count;
            try (Writer writer = new Writer(nodes)) {
                Nodes.await(10, "writes", () -> writer.idleMillis() < 50);
                Thread.sleep(1000);
                writer.reset();
                long begun = System.nanoTime();
                String answer = Nodes.post(nodes.rest(asked), "/switchover",
                        "{\"leader\": \"node%d\", \"candidate\": \"node%d\"}".formatted(leader, candidate));
                calls[run] = (System.nanoTime() - begun) / 1e6;
                if (!answer.startsWith("200 ")) {
                    throw new IllegalStateException(answer);
                }
                Nodes.await(60, "writes again", () -> writer.idleMillis() < 50);
                Thread.sleep(500);
                gaps[run] = writer.longestMillis();
                writer.close();
                lost.add(writer.lost());
            }
        }
        System.out.printf(Locale.ROOT, "| switchover, call sent %s: the call took %s ms | %s | %d | %s | %s |%n", name, spread(calls),
                nodes.kind, RUNS, spread(gaps), lost);
    }

    /** Only the restarts of {@code ha}. */
    private static void restart() throws Exception {
        for (String kind : WITH_PATRONI ? List.of("jpatroni", "patroni") : List.of("jpatroni")) {
            try (Nodes nodes = new Nodes(kind, 3, BASE + (kind.equals("jpatroni") ? 0 : 100))) {
                nodes.startAll();
                restarts(nodes);
            }
        }
    }

    /** POST /restart on the primary; the call is timed as well. */
    private static void restarts(Nodes nodes) throws Exception {
        double[] calls = new double[RUNS];
        AtomicInteger run = new AtomicInteger();
        event(nodes, "restart of the primary", RUNS, during -> {
            long begun = System.nanoTime();
            String answer = Nodes.post(during.rest(during.leader()), "/restart", "{}");
            calls[run.getAndIncrement()] = (System.nanoTime() - begun) / 1e6;
            if (!answer.startsWith("200 ")) {
                throw new IllegalStateException(answer);
            }
            return -1;
        });
        System.out.printf(Locale.ROOT, "| restart of the primary: the call | %s | %d | %s | |%n", nodes.kind, RUNS, spread(calls));
    }

    private interface Event {
        /** Lets it happen; returns the node to start again, or -1. */
        int happen(Nodes nodes) throws Exception;
    }

    private static int killPostmaster(Nodes nodes) throws Exception {
        Nodes.kill(nodes.postmaster(nodes.leader()));
        return -1;
    }

    private static int killNode(Nodes nodes) throws Exception {
        int leader = nodes.leader();
        Nodes.kill(nodes.daemons[leader].pid());
        Nodes.kill(nodes.postmaster(leader));
        return leader;
    }

    private static int killAgent(Nodes nodes) throws Exception {
        int leader = nodes.leader();
        Nodes.kill(nodes.daemons[leader].pid());
        return leader;
    }

    private static void event(Nodes nodes, String name, int runs, Event event) throws Exception {
        double[] gaps = new double[runs];
        List<Integer> lost = new ArrayList<>();
        for (int run = 0; run < runs; run++) {
            Nodes.await(120, "the whole cluster", nodes::isWhole);
            // Spread over the cycle of the loop.
            Thread.sleep(2000 + run * 1700L);
            try (Writer writer = new Writer(nodes)) {
                Nodes.await(10, "writes", () -> writer.idleMillis() < 50);
                Thread.sleep(1000);
                writer.reset();
                int victim = event.happen(nodes);
                if (victim >= 0) {
                    Nodes.await(90, "another leader", () -> nodes.leader() >= 0 && nodes.leader() != victim);
                }
                Thread.sleep(victim >= 0 ? 3000 : 12000);
                Nodes.await(60, "writes again", () -> writer.idleMillis() < 50);
                Thread.sleep(500);
                gaps[run] = writer.longestMillis();
                writer.close();
                if (victim >= 0) {
                    nodes.start(victim);
                    Nodes.await(120, "the node back", nodes::isWhole);
                }
                lost.add(writer.lost());
            }
        }
        System.out.printf(Locale.ROOT, "| %s | %s | %d | %s | %s |%n", name, nodes.kind, runs, spread(gaps), lost);
    }
}
