import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Health checks while PostgreSQL or the store hangs: {@code GET /primary} on a primary that holds the lease, from many connections without pause.
 * A hung server is one whose processes are all stopped (SIGSTOP): it takes connections and never answers.
 */
final class Steady {

    private static final int SECONDS = Integer.getInteger("seconds", 60);
    private static final int CONNECTIONS = Integer.getInteger("connections", 64);
    private static final boolean KEEP_ALIVE = Boolean.parseBoolean(System.getProperty("keepalive", "true"));
    private static final int WARM_UP_SECONDS = Integer.getInteger("warm", 5);

    /** By then a check has an answer although PostgreSQL gives none: the agent's limit is 350 ms. */
    private static final int STATUS_DEADLINE_MILLIS = 400;
    private static final double P99_GOAL_MILLIS = 50;
    /** The loop looks within loop_wait, 1 s here, and waits for PostgreSQL once, for 2 s. */
    private static final int LOOP_DEADLINE_MILLIS = 3_500;
    private static final int TTL_SECONDS = 30;
    /** A sixth of the ttl is kept free to stop a primary. */
    private static final double STOP_BUDGET_SECONDS = 5;

    private final Nodes nodes;
    private final int port;
    private final List<String> verdicts = new ArrayList<>();
    private boolean allMet = true;

    private Steady(Nodes nodes) {
        this.nodes = nodes;
        this.port = nodes.rest(0);
    }

    /** Prints tables and verdicts; returns whether all goals are met. */
    static boolean run() throws Exception {
        try (Nodes nodes = new Nodes("jpatroni", 1, 18500)) {
            nodes.startAll();
            Steady steady = new Steady(nodes);
            steady.lookEverySecond();
            steady.phases();
            steady.verdicts.forEach(System.out::println);
            return steady.allMet;
        }
    }

    /** With the usual ten seconds there would be too few cycles of the HA loop to speak of their duration. */
    private void lookEverySecond() throws Exception {
        Nodes.await(30, "200 of /primary", () -> Nodes.status(port, "/primary") == 200);
        HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest
                .newBuilder(URI.create("http://127.0.0.1:" + port + "/config"))
                .method("PATCH", HttpRequest.BodyPublishers.ofString("{\"loop_wait\": 1}")).build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("PATCH /config: " + answer.statusCode() + " " + answer.body());
        }
    }

    private void phases() throws Exception {
        new HttpLoad(port, "/primary", KEEP_ALIVE).run(CONNECTIONS, WARM_UP_SECONDS);
        System.out.printf(Locale.ROOT, "GET /primary, %d connections%s, %d s a phase, ttl %d, loop_wait 1; times in ms%n%n", CONNECTIONS,
                KEEP_ALIVE ? ", kept alive" : ", a new one per check", SECONDS, TTL_SECONDS);
        System.out.println("| phase | requests | answers | first " + STATUS_DEADLINE_MILLIS
                + " ms: p50 / p99 / max | after: p50 / p99 / max | HA loop, first " + LOOP_DEADLINE_MILLIS
                + " ms: cycles, mean | HA loop after: cycles, mean, all within |");
        System.out.println("|---|---|---|---|---|---|---|");
        Loop healthy = healthy();
        hungPostgres(healthy);
        hungStore();
        System.out.println();
    }

    // -- phases ---------------------------------------------------------------------------------------------------------------------------

    private Loop healthy() throws Exception {
        Load load = new Load();
        load.begin();
        Sample first = sample();
        load.until(LOOP_DEADLINE_MILLIS);
        Sample settled = sample();
        load.join();
        Loop loop = settled.until(sample());
        row("all healthy", load.figures, first.until(settled), loop);
        judgeLatency("healthy", load.figures);
        judge(load.figures.only(200), "healthy: every answer is 200", load.figures.byStatus());
        return loop;
    }

    private void hungPostgres(Loop healthy) throws Exception {
        Load load = new Load();
        List<Long> stopped = stopPostgres();
        try {
            load.begin();
            Sample first = sample();
            load.until(1_000);
            boolean marked = Nodes.get(port, "/patroni").contains("\"stale\": true");
            load.until(LOOP_DEADLINE_MILLIS);
            Sample settled = sample();
            double shortestLease = TTL_SECONDS;
            while (load.isRunning()) {
                shortestLease = Math.min(shortestLease, sample().leaseSeconds);
                Thread.sleep(250);
            }
            String later = Nodes.get(port, "/patroni");
            Loop loop = settled.until(sample());
            row("PostgreSQL stopped", load.figures, first.until(settled), loop);
            judgeLatency("PostgreSQL stopped", load.figures);
            judge(load.figures.only(200), "PostgreSQL stopped: 200, as this node is the primary that holds the lease",
                    load.figures.byStatus());
            judge(shortestLease > STOP_BUDGET_SECONDS, "PostgreSQL stopped: the lease is renewed in time",
                    "never less than %.1f s left".formatted(shortestLease));
            judge(marked, "PostgreSQL stopped: its last answer is marked stale", "/patroni after 1 s");
            if (SECONDS > 7) {
                judge(later.contains("\"state\": \"unknown\"") && !later.contains("\"stale\""),
                        "PostgreSQL stopped: an answer older than 5 s is not used", "/patroni at the end shows state unknown");
            }
            judge(loop.meanMillis() <= healthy.meanMillis() * 1.5 + 5, "PostgreSQL stopped: the HA loop's duration does not grow",
                    "mean %.1f ms, healthy %.1f ms".formatted(loop.meanMillis(), healthy.meanMillis()));
        } finally {
            Nodes.signal("CONT", stopped);
        }
        long continued = System.nanoTime();
        Nodes.await(30, "a fresh answer", () -> {
            String body = Nodes.get(port, "/patroni");
            return body.contains("\"state\": \"running\"") && !body.contains("\"stale\"");
        });
        verdicts.add("         PostgreSQL goes on: fresh answers after %.0f ms".formatted((System.nanoTime() - continued) / 1e6));
        Thread.sleep(3_000);
    }

    private void hungStore() throws Exception {
        Load load = new Load();
        long leaseEnd = 0;
        double lastWrite;
        try (Writer writer = new Writer(nodes.sqlPorts())) {
            Nodes.await(10, "writes", () -> writer.idleMillis() < 50);
            Nodes.signal("STOP", List.of(nodes.etcd.pid()));
            load.begin();
            Sample first = sample();
            Sample last = first;
            while (load.isRunning()) {
                last = sample();
                if (last.leaseSeconds > 0) {
                    leaseEnd = last.atNanos + (long) (last.leaseSeconds * 1e9);
                }
                if (load.figures.sawOther() && writer.idleMillis() > 2_000) {
                    writer.close();
                }
                Thread.sleep(100);
            }
            lastWrite = load.figures.seconds(System.nanoTime() - (long) (writer.idleMillis() * 1e6));
            row("store stopped", load.figures, Loop.NONE, first.until(last));
        } finally {
            Nodes.signal("CONT", List.of(nodes.etcd.pid()));
        }
        judgeStoreStopped(load.figures, load.figures.seconds(leaseEnd), lastWrite);
    }

    private void judgeStoreStopped(Figures figures, double leaseEnd, double lastWrite) {
        judgeLatency("store stopped", figures);
        judge(figures.only(200, 503), "store stopped: nothing but 200 and 503", figures.byStatus());
        if (!figures.sawOther()) {
            judge(SECONDS < leaseEnd, "store stopped: 200 while the lease lasts",
                    "it did not end in this phase: %.1f s after the stop".formatted(leaseEnd));
            return;
        }
        judge(figures.firstOtherSeconds() >= leaseEnd - STOP_BUDGET_SECONDS - 0.5,
                "store stopped: 200 until the primary is demoted, a sixth of the ttl before the lease ends",
                "first 503 after %.2f s, lease until %.2f s".formatted(figures.firstOtherSeconds(), leaseEnd));
        judge(!figures.wentBack() && figures.last200Seconds() < Math.min(leaseEnd, TTL_SECONDS),
                "store stopped: no 200 after the first 503, none after the lease has ended",
                "last 200 after %.2f s".formatted(figures.last200Seconds()));
        judge(lastWrite < leaseEnd, "store stopped: nothing is written after the lease has ended",
                "last acknowledged insert after %.2f s".formatted(lastWrite));
    }

    // -- what is seen ---------------------------------------------------------------------------------------------------------------------

    /** The load of one phase, on a thread of its own. */
    private final class Load {
        final Figures figures = new Figures();
        private final Thread thread;
        private long begunNanos;
        private volatile Exception failure;

        Load() {
            thread = Thread.ofPlatform().name("load").unstarted(() -> {
                try {
                    new HttpLoad(port, "/primary", KEEP_ALIVE, figures).run(CONNECTIONS, SECONDS);
                } catch (Exception fault) {
                    failure = fault;
                }
            });
        }

        void begin() {
            figures.begin(STATUS_DEADLINE_MILLIS);
            begunNanos = System.nanoTime();
            thread.start();
        }

        void until(int millis) throws InterruptedException {
            Thread.sleep(Math.max(0, begunNanos / 1_000_000 + millis - System.nanoTime() / 1_000_000));
        }

        boolean isRunning() throws Exception {
            if (failure != null) {
                throw failure;
            }
            return thread.isAlive();
        }

        void join() throws Exception {
            thread.join();
            isRunning();
        }
    }

    /** Stops the postmaster, then its children: in this order it can start no more of them. */
    private List<Long> stopPostgres() throws Exception {
        long postmaster = nodes.postmaster(0);
        Nodes.signal("STOP", List.of(postmaster));
        List<Long> pids = new ArrayList<>();
        for (Path task : Files.newDirectoryStream(Path.of("/proc/" + postmaster + "/task"))) {
            for (String child : Files.readString(task.resolve("children")).split(" ")) {
                if (!child.isBlank()) {
                    pids.add(Long.parseLong(child.strip()));
                }
            }
        }
        Nodes.signal("STOP", pids);
        pids.add(postmaster);
        return pids;
    }

    /** Cycles of the HA loop between two samples. */
    private record Loop(long cycles, double seconds, String within) {
        static final Loop NONE = new Loop(0, 0, "");

        double meanMillis() {
            return cycles == 0 ? 0 : seconds * 1000 / cycles;
        }
    }

    /** The agent's metrics at one moment. */
    private record Sample(long atNanos, double cycleSum, long cycleCount, List<String> bounds, List<Long> counts, double leaseSeconds) {

        Loop until(Sample later) {
            long cycles = later.cycleCount - cycleCount;
            String within = "";
            for (int i = 0; i < bounds.size() && within.isEmpty(); i++) {
                if (later.counts.get(i) - counts.get(i) == cycles) {
                    within = bounds.get(i) + " s";
                }
            }
            return new Loop(cycles, later.cycleSum - cycleSum, within);
        }
    }

    private Sample sample() throws IOException {
        String text = Nodes.get(port, "/metrics");
        List<String> bounds = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        Matcher buckets = Pattern.compile("^jpatroni_ha_cycle_duration_seconds_bucket\\{.*?le=\"([^\"]*)\".*?} (\\S+)$", Pattern.MULTILINE)
                .matcher(text);
        while (buckets.find()) {
            bounds.add(buckets.group(1));
            counts.add((long) Double.parseDouble(buckets.group(2)));
        }
        if (bounds.isEmpty()) {
            throw new IOException("no jpatroni_ha_cycle_duration_seconds in /metrics: " + text.length() + " characters");
        }
        return new Sample(System.nanoTime(), value(text, "jpatroni_ha_cycle_duration_seconds_sum"),
                (long) value(text, "jpatroni_ha_cycle_duration_seconds_count"), bounds, counts,
                value(text, "jpatroni_lease_remaining_seconds"));
    }

    private static double value(String text, String name) {
        Matcher line = Pattern.compile("^" + name + "(?:\\{[^}]*})? (\\S+)$", Pattern.MULTILINE).matcher(text);
        return line.find() ? Double.parseDouble(line.group(1)) : 0;
    }

    // -- what is said ---------------------------------------------------------------------------------------------------------------------

    private static void row(String phase, Figures figures, Loop first, Loop loop) {
        System.out.printf(Locale.ROOT, "| %s | %d | %s | %s | %s | %s | %d, %.1f, %s |%n", phase, figures.requests(), figures.byStatus(),
                figures.before, figures.after, first.cycles == 0 ? "" : String.format(Locale.ROOT, "%d, %.1f", first.cycles, first.meanMillis()),
                loop.cycles, loop.meanMillis(), loop.within);
    }

    private void judgeLatency(String phase, Figures figures) {
        double p99 = figures.after.millis(0.99);
        judge(p99 > 0 && p99 < P99_GOAL_MILLIS, phase + ": p99 under %.0f ms once the status deadline has passed".formatted(P99_GOAL_MILLIS),
                "%.2f ms".formatted(p99));
    }

    private void judge(boolean met, String goal, String seen) {
        allMet &= met;
        verdicts.add((met ? "met      " : "NOT met  ") + goal + " (" + seen + ")");
    }
}
