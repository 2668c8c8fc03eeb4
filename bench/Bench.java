import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The measurements of {@code bench/run}: see there. Prints tables for {@code docs/performance.md}. */
public final class Bench {

    private static final int ROUNDS = Integer.getInteger("rounds", 4);
    private static final int RUNS = Integer.getInteger("runs", 5);
    private static final int WARM_UP_SECONDS = Integer.getInteger("warm", 5);
    private static final boolean WITH_PATRONI = System.getenv("PATRONI_SRC") != null;

    private Bench() {
    }

    public static void main(String[] arguments) throws Throwable {
        Nodes.reapOrphans();
        boolean met = true;
        try {
            switch (arguments.length > 0 ? arguments[0] : "") {
                case "api" -> api();
                case "table", "ha" -> Table.run();
                case "switchover" -> Table.run(Table.Row.SWITCHOVER, Table.Row.SWITCHOVER_REPLICA);
                case "restart", "postmaster", "config", "node", "agent" -> Table.run(
                        Table.Row.valueOf(arguments[0].toUpperCase(Locale.ROOT)));
                case "steady" -> met = Steady.run();
                default -> throw new IllegalArgumentException("usage: bench/run api|table|switchover|restart|postmaster|config|node|agent|steady");
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
}
