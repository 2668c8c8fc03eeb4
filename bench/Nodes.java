import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Servers of a measurement: etcd, nodes of JPatroni or of Patroni, nginx. All are children of this process, which reaps their orphans at once. */
final class Nodes implements AutoCloseable {

    static final Path CHECKOUT = Path.of(System.getProperty("checkout", ".")).toAbsolutePath().normalize();
    static final String PG_BIN = System.getenv().getOrDefault("PG_BIN", "/usr/lib/postgresql/15/bin");

    private static final List<Process> PROCESSES = new ArrayList<>();

    final String kind;
    final int count;
    final int base;
    final Path dir;
    final Process[] daemons;
    final Process etcd;

    /**
     * @param kind {@code jpatroni} or {@code patroni}
     * @param base first of the ports: REST base+i, PostgreSQL base+10+i, etcd base+20
     */
    Nodes(String kind, int count, int base) throws IOException {
        this.kind = kind;
        this.count = count;
        this.base = base;
        this.dir = Files.createTempDirectory("bench");
        this.daemons = new Process[count];
        this.etcd = spawn(dir.resolve("etcd.log"), Map.of(), "etcd", "--data-dir", dir.resolve("etcd").toString(),
                "--listen-client-urls", "http://127.0.0.1:" + (base + 20), "--advertise-client-urls",
                "http://127.0.0.1:" + (base + 20), "--listen-peer-urls", "http://127.0.0.1:" + (base + 21),
                "--initial-advertise-peer-urls", "http://127.0.0.1:" + (base + 21), "--initial-cluster",
                "default=http://127.0.0.1:" + (base + 21));
        for (int i = 0; i < count; i++) {
            Files.writeString(config(i), yaml(i));
        }
    }

    private Path config(int i) {
        return dir.resolve("node" + i + ".yml");
    }

    private String yaml(int i) {
        return """
                scope: demo
                name: node%1$d
                log: {level: %7$s}
                restapi: {listen: '127.0.0.1:%2$d', connect_address: '127.0.0.1:%2$d'}
                etcd3: {host: '127.0.0.1:%4$d'}
                bootstrap:
                  dcs:
                    ttl: 30
                    loop_wait: 10
                    retry_timeout: 10
                    maximum_lag_on_failover: 1048576
                    postgresql: {use_pg_rewind: true, use_slots: true}
                  initdb: [encoding: UTF8, data-checksums]
                postgresql:
                  listen: 127.0.0.1:%3$d
                  connect_address: 127.0.0.1:%3$d
                  data_dir: %5$s/data%1$d
                  bin_dir: %6$s
                  pgpass: %5$s/pgpass%1$d
                  authentication:
                    superuser: {username: postgres, password: secret}
                    replication: {username: replicator, password: secret}
                    rewind: {username: rewinder, password: secret}
                  pg_hba: [local all all trust, host all all 127.0.0.1/32 scram-sha-256, host replication replicator 127.0.0.1/32 scram-sha-256]
                  parameters: {unix_socket_directories: '%5$s'}
                """.formatted(i, rest(i), sql(i), base + 20, dir, PG_BIN, System.getProperty("log", "INFO"));
    }

    int rest(int i) {
        return base + i;
    }

    int sql(int i) {
        return base + 10 + i;
    }

    int[] sqlPorts() {
        return java.util.stream.IntStream.range(0, count).map(this::sql).toArray();
    }

    void start(int i) throws IOException {
        List<String> command = kind.equals("jpatroni")
                ? List.of(CHECKOUT.resolve("bin/jpatroni").toString(), config(i).toString())
                : List.of("/usr/bin/python3", Path.of(System.getenv("PATRONI_SRC"), "patroni.py").toString(),
                        config(i).toString());
        daemons[i] = spawn(dir.resolve("node" + i + ".log"), Map.of("HOME", dir.toString()),
                command.toArray(String[]::new));
    }

    void startAll() throws Exception {
        for (int i = 0; i < count; i++) {
            start(i);
        }
        await(120, "a leader and " + (count - 1) + " streaming replicas of " + kind, this::isWhole);
    }

    boolean isWhole() {
        String cluster = get(rest(0), "/cluster");
        return cluster.contains("\"leader\"") && cluster.split("\"streaming\"", -1).length - 1 == count - 1;
    }

    int leader() {
        for (int i = 0; i < count; i++) {
            if (status(rest(i), "/leader") == 200) {
                return i;
            }
        }
        return -1;
    }

    long postmaster(int i) throws IOException {
        return Long.parseLong(Files.readAllLines(dir.resolve("data" + i + "/postmaster.pid")).getFirst().strip());
    }

    @Override
    public void close() throws Exception {
        for (int i = 0; i < count; i++) {
            if (daemons[i] != null) {
                kill(daemons[i].pid());
            }
        }
        for (int i = 0; i < count; i++) {
            try {
                kill(postmaster(i));
            } catch (IOException | NumberFormatException notRunning) {
                continue;
            }
        }
    }

    // -- processes ------------------------------------------------------------------------------------------------------------------------

    static Process spawn(Path log, Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        synchronized (PROCESSES) {
            PROCESSES.add(process);
        }
        return process;
    }

    static void endAll() {
        synchronized (PROCESSES) {
            PROCESSES.forEach(Process::destroyForcibly);
        }
    }

    /** Sends a signal to processes; those that are gone do not matter. */
    static void signal(String name, List<Long> pids) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", "-" + name));
        pids.forEach(pid -> command.add(Long.toString(pid)));
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** Becomes the parent of orphans and reaps them at once, as an init system does: a postmaster left as a zombie looks alive to Patroni. */
    static void reapOrphans() throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle prctl = linker.downcallHandle(linker.defaultLookup().find("prctl").orElseThrow(), FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        MethodHandle waitpid = linker.downcallHandle(linker.defaultLookup().find("waitpid").orElseThrow(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        int subreaper = (int) prctl.invokeExact(36, 1L, 0L, 0L, 0L);
        if (subreaper != 0) {
            throw new IOException("cannot become a sub-reaper");
        }
        Thread.ofPlatform().daemon().name("reaper").start(() -> reap(waitpid));
    }

    private static void reap(MethodHandle waitpid) {
        long self = ProcessHandle.current().pid();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(ValueLayout.JAVA_INT);
            while (true) {
                Set<Long> own = new HashSet<>();
                synchronized (PROCESSES) {
                    PROCESSES.forEach(process -> own.add(process.pid()));
                }
                try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
                    for (Path entry : entries.filter(path -> Character.isDigit(path.getFileName().toString().charAt(0))).toList()) {
                        long pid = Long.parseLong(entry.getFileName().toString());
                        if (!own.contains(pid) && isZombieOf(entry, self)) {
                            int reaped = (int) waitpid.invokeExact((int) pid, status, 1);
                        }
                    }
                } catch (IOException busy) {
                    continue;
                }
                Thread.sleep(5);
            }
        } catch (Throwable end) {
            System.err.println("reaper: " + end);
        }
    }

    private static boolean isZombieOf(Path entry, long parent) {
        try {
            String stat = Files.readString(entry.resolve("stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[0].equals("Z") && Long.parseLong(fields[1]) == parent;
        } catch (IOException gone) {
            return false;
        }
    }

    /** User and system time of a process and its children that serve with it, in milliseconds. */
    static double cpuMillis(List<Long> pids) throws IOException {
        double ticks = 0;
        for (long pid : pids) {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        }
        return ticks * 10;
    }

    static double residentMegabytes(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream().filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1000).findFirst().orElse(-1);
    }

    // -- HTTP and waiting -----------------------------------------------------------------------------------------------------------------

    static int status(int port, String path) {
        try {
            HttpURLConnection connection = open(port, path);
            int status = connection.getResponseCode();
            connection.disconnect();
            return status;
        } catch (IOException refused) {
            return -1;
        }
    }

    static String get(int port, String path) {
        try {
            HttpURLConnection connection = open(port, path);
            try (var body = connection.getInputStream()) {
                return new String(body.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException refused) {
            return "";
        }
    }

    /** Status and body of the answer. */
    static String post(int port, String path, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setReadTimeout(60_000);
        connection.setRequestProperty("Content-Type", "application/json");
        connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        int status = connection.getResponseCode();
        try (var answer = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return status + " " + (answer == null ? "" : new String(answer.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static HttpURLConnection open(int port, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
        connection.setConnectTimeout(1000);
        connection.setReadTimeout(2000);
        connection.setRequestProperty("Connection", "close");
        return connection;
    }

    static void await(int seconds, String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within " + seconds + " s: " + what);
            }
            Thread.sleep(5);
        }
    }
}
