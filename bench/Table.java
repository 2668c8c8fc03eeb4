import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Time without writes in planned and unplanned events, with a writer that inserts a row every 5 ms: JPatroni beside PostgreSQL alone, and
 * beside Patroni where there is a checkout of it. Prints one table, a row per event.
 */
final class Table {

    private static final int RUNS = Integer.getInteger("runs", 7);
    /** First of the ports: a second measurement on the same machine takes others. */
    private static final int BASE = Integer.getInteger("base", 18300);
    /** Tells each run at once, with the times between which nothing was acknowledged, for a look into the logs. */
    private static final boolean VERBOSE = Boolean.getBoolean("verbose");
    private static final boolean WITH_PATRONI = System.getenv("PATRONI_SRC") != null;
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final boolean ALONE = Boolean.parseBoolean(System.getProperty("alone", "true"));

    /** The rows, in order; their names select them on the command line. */
    enum Row {
        SWITCHOVER("`POST /switchover` to the leader, named candidate: ms without writes", "< 250"),
        CALL("the call returns after ms", "< 500"),
        SWITCHOVER_REPLICA("the same sent to a replica: ms without writes", "< 250"),
        CALL_REPLICA("the call returns after ms", "< 500"),
        RESTART("`POST /restart` of the primary: ms without writes", "< 200"),
        CALL_RESTART("the call returns after ms", ""),
        POSTMASTER("SIGKILL of the postmaster: ms without writes", "< 300"),
        CONFIG("`PATCH /config` in effect on three nodes after ms", "< 60"),
        NODE("loss of the whole leader node, ttl 30: ms without writes", ""),
        AFTER_LEASE("of these, after the leader key had gone", "< 500"),
        AGENT("SIGKILL of the agent, ttl 30: ms without writes", "0 rows lost");

        final String title;
        final String goal;

        Row(String title, String goal) {
            this.title = title;
            this.goal = goal;
        }
    }

    /** What was measured of one row by one kind of server. */
    private static final class Cell {
        final List<Double> values = new ArrayList<>();
        int lost;

        String text(boolean countsRows) {
            if (values.isEmpty()) {
                return "";
            }
            double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            String spread = String.format(Locale.ROOT, "%,.0f (%,.0f to %,.0f)", sorted[sorted.length / 2], sorted[0],
                    sorted[sorted.length - 1]);
            return countsRows && lost > 0 ? spread + ", **" + lost + " rows lost**" : spread;
        }
    }

    private final Map<String, Map<Row, Cell>> cells = new LinkedHashMap<>();
    private final List<Row> wanted;

    private Table(List<Row> wanted) {
        this.wanted = wanted;
    }

    /** @param rows which; empty: all */
    static void run(Row... rows) throws Exception {
        Table table = new Table(rows.length == 0 ? List.of(Row.values()) : List.of(rows));
        if (ALONE) {
            table.alone();
        }
        table.daemons("JPatroni", "jpatroni", BASE);
        if (WITH_PATRONI) {
            table.daemons("Patroni", "patroni", BASE + 100);
        }
        if (ALONE) {
            // Once more at the end: how quiet the machine was tells how to read the rest.
            table.alone();
        }
        table.print();
    }

    private boolean wants(Row row) {
        return wanted.contains(row);
    }

    private Cell cell(String kind, Row row) {
        return cells.computeIfAbsent(kind, any -> new LinkedHashMap<>()).computeIfAbsent(row, any -> new Cell());
    }

    private void add(String kind, Row row, double value, int lost) {
        Cell cell = cell(kind, row);
        cell.values.add(value);
        cell.lost += lost;
    }

    private void print() {
        System.out.println("| event | goal | " + String.join(" | ", cells.keySet()) + " |");
        System.out.println("|---|---|" + "---|".repeat(cells.size()));
        for (Row row : Row.values()) {
            if (cells.values().stream().anyMatch(of -> of.containsKey(row))) {
                StringBuilder line = new StringBuilder("| " + row.title + " | " + row.goal + " |");
                cells.values().forEach(of -> line.append(' ').append(of.containsKey(row) ? of.get(row).text(true) : "").append(" |"));
                System.out.println(line);
            }
        }
        System.out.println("Median (min to max) of " + RUNS + " runs, of PostgreSQL alone half of them before and half after. "
                + "Acknowledged rows that were lost are told where there are any.");
    }

    // -- PostgreSQL alone -----------------------------------------------------------------------------------------------------------------

    private interface Deed {
        void happen() throws Exception;
    }

    private void alone() throws Exception {
        int runs = (RUNS + 1) / 2;
        try (ByHand hand = new ByHand(BASE + 40)) {
            for (int run = 0; run < runs; run++) {
                if (wants(Row.SWITCHOVER)) {
                    alone(hand, Row.SWITCHOVER, hand::switchover);
                }
                if (wants(Row.RESTART)) {
                    alone(hand, Row.RESTART, hand::restart);
                }
                if (wants(Row.POSTMASTER)) {
                    alone(hand, Row.POSTMASTER, hand::kill);
                }
            }
        }
    }

    private void alone(ByHand hand, Row row, Deed deed) throws Exception {
        hand.awaitStreaming();
        try (Writer writer = new Writer(hand.ports())) {
            settle(writer);
            deed.happen();
            Thread.sleep(1500);
            Nodes.await(60, "writes again", () -> writer.idleMillis() < 50);
            double gap = writer.longestMillis();
            writer.close();
            add("PostgreSQL alone", row, gap, writer.lost());
        }
    }

    private static void settle(Writer writer) throws InterruptedException {
        Nodes.await(30, "writes", () -> writer.idleMillis() < 50);
        Thread.sleep(1000);
        writer.reset();
    }

    // -- daemons --------------------------------------------------------------------------------------------------------------------------

    private void daemons(String name, String kind, int base) throws Exception {
        try (Nodes nodes = new Nodes(kind, 3, base)) {
            nodes.startAll();
            for (int run = 0; run < RUNS; run++) {
                if (wants(Row.SWITCHOVER)) {
                    switchover(name, nodes, run, true);
                }
                if (wants(Row.SWITCHOVER_REPLICA)) {
                    switchover(name, nodes, run, false);
                }
                if (wants(Row.RESTART)) {
                    restart(name, nodes, run);
                }
                if (wants(Row.POSTMASTER)) {
                    event(name, nodes, run, Row.POSTMASTER, () -> Nodes.kill(nodes.postmaster(nodes.leader())), -1);
                }
                if (wants(Row.CONFIG)) {
                    config(name, nodes, run);
                }
                if (wants(Row.NODE)) {
                    node(name, nodes, run);
                }
                if (wants(Row.AGENT)) {
                    int leader = leader(nodes);
                    event(name, nodes, run, Row.AGENT, () -> Nodes.kill(nodes.daemons[leader].pid()), leader);
                }
            }
        }
    }

    private static int leader(Nodes nodes) throws InterruptedException {
        Nodes.await(120, "the whole cluster", nodes::isWhole);
        Nodes.await(30, "a leader", () -> nodes.leader() >= 0);
        return nodes.leader();
    }

    /** Spread over the cycle of the loop. */
    private static void spread(Nodes nodes, int run) throws InterruptedException {
        Nodes.await(120, "the whole cluster", nodes::isWhole);
        Thread.sleep(2000 + run % 6 * 1700L);
    }

    /** The call names leader and candidate; it is timed as well. */
    private void switchover(String name, Nodes nodes, int run, boolean toLeader) throws Exception {
        spread(nodes, run);
        int leader = leader(nodes);
        int candidate = (leader + 1) % nodes.count;
        int asked = toLeader ? leader : (leader + 2) % nodes.count;
        String body = "{\"leader\": \"node%d\", \"candidate\": \"node%d\"}".formatted(leader, candidate);
        call(name, nodes, asked, "/switchover", body, toLeader ? Row.SWITCHOVER : Row.SWITCHOVER_REPLICA,
                toLeader ? Row.CALL : Row.CALL_REPLICA);
    }

    private void restart(String name, Nodes nodes, int run) throws Exception {
        spread(nodes, run);
        call(name, nodes, leader(nodes), "/restart", "{}", Row.RESTART, Row.CALL_RESTART);
    }

    private void call(String name, Nodes nodes, int asked, String path, String body, Row row, Row ofCall) throws Exception {
        try (Writer writer = new Writer(nodes.sqlPorts())) {
            settle(writer);
            long begun = System.nanoTime();
            String answer = Nodes.post(nodes.rest(asked), path, body);
            double took = (System.nanoTime() - begun) / 1e6;
            if (!answer.startsWith("200 ")) {
                throw new IllegalStateException(answer);
            }
            Thread.sleep(1000);
            Nodes.await(60, "writes again", () -> writer.idleMillis() < 50);
            Thread.sleep(500);
            tell(name, row, writer, took);
            double gap = writer.longestMillis();
            writer.close();
            add(name, row, gap, writer.lost());
            add(name, ofCall, took, 0);
        }
    }

    private static void tell(String name, Row row, Writer writer, double more) {
        if (VERBOSE) {
            System.err.printf(Locale.ROOT, "%s %s: %.0f ms, %s (%.0f)%n", name, row, writer.longestMillis(), writer.longest(), more);
        }
    }

    /** @param victim the node whose agent is to be started again, or -1 */
    private void event(String name, Nodes nodes, int run, Row row, Deed deed, int victim) throws Exception {
        spread(nodes, run);
        try (Writer writer = new Writer(nodes.sqlPorts())) {
            settle(writer);
            deed.happen();
            afterwards(name, nodes, row, victim, writer);
        }
    }

    private void afterwards(String name, Nodes nodes, Row row, int victim, Writer writer) throws Exception {
        if (victim >= 0) {
            Nodes.await(90, "another leader", () -> nodes.leader() >= 0 && nodes.leader() != victim);
        }
        Thread.sleep(victim >= 0 ? 3000 : 2500);
        Nodes.await(60, "writes again", () -> writer.idleMillis() < 50);
        Thread.sleep(500);
        tell(name, row, writer, 0);
        double gap = writer.longestMillis();
        writer.close();
        if (victim >= 0) {
            nodes.start(victim);
            Nodes.await(120, "the node back", nodes::isWhole);
        }
        add(name, row, gap, writer.lost());
    }

    /** Agent and postmaster at the same moment. The store lets the key go up to half a second after the lease has ended. */
    private void node(String name, Nodes nodes, int run) throws Exception {
        spread(nodes, run);
        int victim = leader(nodes);
        AtomicLong goneAtNanos = new AtomicLong();
        Thread watch = Thread.ofPlatform().daemon().unstarted(() -> goneAtNanos.set(leaderKeyGone(nodes)));
        try (Writer writer = new Writer(nodes.sqlPorts())) {
            settle(writer);
            Nodes.kill(nodes.daemons[victim].pid());
            Nodes.kill(nodes.postmaster(victim));
            watch.start();
            afterwards(name, nodes, Row.NODE, victim, writer);
            watch.join(1000);
            add(name, Row.AFTER_LEASE, (writer.longestUntilNanos() - goneAtNanos.get()) / 1e6, 0);
        }
    }

    /** Asks etcd every 10 ms until the leader key is gone. */
    private static long leaderKeyGone(Nodes nodes) {
        String key = Base64.getEncoder().encodeToString("/service/demo/leader".getBytes(StandardCharsets.UTF_8));
        String first = "";
        while (true) {
            try {
                String revision = field(Nodes.post(nodes.base + 20, "/v3/kv/range", "{\"key\": \"" + key + "\"}"), "create_revision");
                if (first.isEmpty()) {
                    first = revision;
                }
                // Between two looks another member may have taken it already.
                if (!revision.equals(first)) {
                    return System.nanoTime();
                }
                Thread.sleep(10);
            } catch (IOException busy) {
                continue;
            } catch (InterruptedException end) {
                return System.nanoTime();
            }
        }
    }

    private static String field(String json, String name) {
        int at = json.indexOf("\"" + name + "\":\"");
        return at < 0 ? "none" : json.substring(at + name.length() + 4, json.indexOf('"', at + name.length() + 4));
    }

    /** From the call until the last of the nodes shows the value. */
    private void config(String name, Nodes nodes, int run) throws Exception {
        spread(nodes, run);
        String value = (run % 2 == 0 ? 5 : 6) + "MB";
        AtomicLong last = new AtomicLong();
        AtomicReference<Exception> failure = new AtomicReference<>();
        List<Thread> watchers = new ArrayList<>();
        for (int port : nodes.sqlPorts()) {
            watchers.add(Thread.ofPlatform().start(() -> {
                try {
                    long seen = seenAt(port, value);
                    last.accumulateAndGet(seen, (one, other) -> one == 0 || other - one > 0 ? other : one);
                } catch (Exception failed) {
                    failure.set(failed);
                }
            }));
        }
        int asked = nodes.rest(leader(nodes));
        patch(asked, "{}");
        Thread.sleep(500);
        long begun = System.nanoTime();
        String answer = patch(asked, "{\"postgresql\": {\"parameters\": {\"work_mem\": \"" + value + "\"}}}");
        if (!answer.startsWith("200")) {
            throw new IllegalStateException(answer);
        }
        for (Thread watcher : watchers) {
            watcher.join(30_000);
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        double took = (last.get() - begun) / 1e6;
        add(name, Row.CONFIG, took, 0);
        if (VERBOSE) {
            System.err.printf(Locale.ROOT, "%s CONFIG: %.0f ms at %s%n", name, took, java.time.Instant.now());
        }
    }

    private static long seenAt(int port, String value) throws Exception {
        try (Connection connection = Writer.connect(port); Statement statement = connection.createStatement()) {
            while (true) {
                try (ResultSet row = statement.executeQuery("show work_mem")) {
                    row.next();
                    if (row.getString(1).equals(value)) {
                        return System.nanoTime();
                    }
                }
                Thread.sleep(2);
            }
        }
    }

    /** {@link HttpURLConnection} knows no PATCH. */
    private static String patch(int port, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/config"))
                .header("Content-Type", "application/json").method("PATCH", HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }
}
