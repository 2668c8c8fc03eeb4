package org.jpatroni.dcs.etcd;

import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jpatroni.config.Secret;
import org.jpatroni.config.StoreConfig;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.dcs.etcd.EtcdReply.Answer;
import org.jpatroni.dcs.etcd.EtcdReply.NoAnswer;
import org.jpatroni.dcs.etcd.EtcdReply.Refused;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.tls.ClientTls;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * etcd version 3 as key-value store. A session is an etcd lease; a key's version is its {@code mod_revision}. The ttl of a lease cannot
 * be changed, so that another ttl means another session, into which keys move when they are next written.
 */
public final class EtcdClient implements KeyValueClient {

    private static final Duration CONNECT_LIMIT = Duration.ofMillis(1500);

    private final EtcdGateway gateway;
    private final Optional<EtcdMembers> members;
    private final Tasks tasks;
    private final String description;
    private final AtomicReference<@Nullable EtcdWatch> watch = new AtomicReference<>();

    private volatile String leaseId = "";
    private volatile int grantedTtlSeconds;
    private volatile int ttlSeconds;
    private int leaseTtlSeconds;
    private boolean hadLease;
    private long keepaliveTerm;

    private EtcdClient(EtcdGateway gateway, Optional<EtcdMembers> members, Tasks tasks, int ttlSeconds,
            String description) {
        this.gateway = gateway;
        this.members = members;
        this.tasks = tasks;
        this.ttlSeconds = ttlSeconds;
        this.grantedTtlSeconds = ttlSeconds;
        this.description = description;
    }

    /**
     * A client; it speaks to etcd only when first used.
     *
     * @param callLimit time limit of each call
     * @throws IllegalArgumentException when a certificate or key file cannot be used; the message names the setting and the file
     */
    public static EtcdClient open(StoreConfig.Etcd3 config, Time time, Tasks tasks, int ttlSeconds,
            Duration callLimit) {
        HttpClient.Builder http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_LIMIT).followRedirects(HttpClient.Redirect.NEVER)
                .executor(command -> tasks.start("etcd-http", () -> {
                    command.run();
                    return true;
                }));
        if (config.cacert().isPresent() || config.cert().isPresent()) {
            try {
                http.sslContext(new ClientTls(config.cacert().map(Path::of), config.cert().map(Path::of),
                        config.key().map(Path::of), Optional.empty()).context());
            } catch (IllegalArgumentException unusable) {
                throw new IllegalArgumentException("etcd3.cacert, cert and key: " + unusable.getMessage(), unusable);
            }
        }
        List<URI> configured = config.endpoints().stream().map(URI::create).toList();
        EtcdEndpoints endpoints = new EtcdEndpoints(configured, srvLookup(config, tasks));
        EtcdGateway gateway = new EtcdGateway(http.build(), endpoints, config.username().map(
                user -> new EtcdGateway.Credentials(user, config.password().orElse(new Secret("")))), time);
        gateway.setCallLimit(callLimit);
        String where = configured.isEmpty() ? "SRV " + config.srv().orElse("") : String.join(",", config.endpoints());
        Optional<EtcdMembers> members = config.discoversMembers()
                ? Optional.of(new EtcdMembers(gateway, endpoints, tasks))
                : Optional.empty();
        return new EtcdClient(gateway, members, tasks, ttlSeconds, "etcd v3 at " + where);
    }

    private static Function<Duration, List<URI>> srvLookup(StoreConfig.Etcd3 config, Tasks tasks) {
        if (config.srv().isEmpty()) {
            return limit -> List.of();
        }
        EtcdSrv srv = new EtcdSrv(config.srv().get(), config.srvSuffix(), "dns:");
        return limit -> {
            Tasks.Task<List<URI>> lookup = tasks.start("etcd-srv", srv::lookup);
            try {
                return lookup.await(limit) ? lookup.result().orElse(List.of()) : List.of();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return List.of();
            }
        };
    }

    @Override
    public List<Entry> list(String prefix) throws StoreUnavailableException {
        return range(
                EtcdJson.object().put("key", EtcdJson.encode(prefix)).put("range_end", EtcdJson.prefixEnd(prefix)));
    }

    @Override
    public Optional<Entry> get(String key) throws StoreUnavailableException {
        return range(EtcdJson.object().put("key", EtcdJson.encode(key))).stream().findFirst();
    }

    private List<Entry> range(ObjectNode request) throws StoreUnavailableException {
        switch (gateway.call("/kv/range", request.toString(), true)) {
            case Answer answer -> {
                List<Entry> entries = new ArrayList<>();
                try {
                    for (JsonNode node : answer.body().path("kvs")) {
                        entries.add(EtcdJson.entry(node));
                    }
                } catch (IllegalArgumentException garbage) {
                    throw new StoreUnavailableException("etcd answered with a key that is no base64", garbage);
                }
                members.ifPresent(EtcdMembers::askWhenDue);
                return entries;
            }
            case Refused refused -> throw new StoreUnavailableException("etcd refused to read: " + refused.message());
            case NoAnswer none -> throw new StoreUnavailableException(none.cause());
        }
    }

    @Override
    public Cas<Confirmed> transact(List<Expect> expectations, List<Change> changes) {
        String session = leaseId;
        boolean needsSession = changes.stream().anyMatch(change -> change instanceof Change.Put put && put.inSession())
                || expectations.stream().anyMatch(expectation -> expectation instanceof Expect.OwnSession);
        if (needsSession && session.isEmpty()) {
            return new Cas.Lost<>("there is no session");
        }
        ObjectNode request = EtcdJson.object();
        ArrayNode compare = request.putArray("compare");
        expectations.forEach(expectation -> addCompare(compare, expectation, session));
        ArrayNode success = request.putArray("success");
        changes.forEach(change -> addChange(success, change, session));
        if (changes.isEmpty()) {
            // With nothing to do, etcd would answer from what this member knows; reading a key makes it ask the others.
            expectations.stream().findFirst().ifPresent(expectation -> success.addObject().putObject("request_range")
                    .put("key", EtcdJson.encode(keyOf(expectation))));
        }
        return switch (gateway.call("/kv/txn", request.toString(), changes.isEmpty())) {
            case Answer answer when !answer.body().path("succeeded").asBoolean(false) ->
                new Cas.Lost<>("not as expected: " + expectations);
            case Answer answer -> needsSession && answer.raftTerm() != keepaliveTerm
                    ? confirmedAgain(answer)
                    : new Cas.Won<>(new Confirmed(answer.sentAtNanos()));
            case Refused refused -> {
                if (refused.isLeaseGone()) {
                    leaseId = "";
                }
                yield new Cas.Lost<>("etcd refused: " + refused.message());
            }
            case NoAnswer none -> new Cas.Unknown<>(none.cause());
        };
    }

    /**
     * etcd's leader was elected after the lease was last extended, and it need not know of that: a leader that was cut off may have
     * confirmed it. So the lease is extended once more before anybody relies on it.
     */
    private Cas<Confirmed> confirmedAgain(Answer answer) {
        return keepAlive().isWon()
                ? new Cas.Won<>(new Confirmed(answer.sentAtNanos()))
                : new Cas.Unknown<>("etcd changed its leader and did not confirm the session after that");
    }

    /** Won: the lease was extended; Lost: there is no such lease. */
    private Cas<Confirmed> keepAlive() {
        String request = EtcdJson.object().put("ID", leaseId).toString();
        return switch (gateway.call("/lease/keepalive", request, true)) {
            case Answer answer -> {
                long ttl = EtcdJson.number(answer.body(), "TTL");
                if (!EtcdJson.text(answer.body(), "ID").equals(leaseId)) {
                    yield new Cas.Unknown<>("etcd answered for another lease");
                }
                if (ttl <= 0) {
                    yield new Cas.Lost<>("the lease has expired");
                }
                grantedTtlSeconds = (int) ttl;
                keepaliveTerm = answer.raftTerm();
                yield new Cas.Won<>(new Confirmed(answer.sentAtNanos()));
            }
            case Refused refused when refused.isLeaseGone() -> new Cas.Lost<>("the lease has expired");
            case Refused refused -> new Cas.Unknown<>("etcd refused: " + refused.message());
            case NoAnswer none -> new Cas.Unknown<>(none.cause());
        };
    }

    private Cas<Confirmed> grant() {
        int wantedTtlSeconds = ttlSeconds;
        String request = EtcdJson.object().put("TTL", Integer.toString(wantedTtlSeconds)).toString();
        return switch (gateway.call("/lease/grant", request, true)) {
            case Answer answer -> {
                String granted = EtcdJson.text(answer.body(), "ID");
                long ttl = EtcdJson.number(answer.body(), "TTL");
                if (granted.isEmpty() || ttl <= 0) {
                    yield new Cas.Unknown<>("etcd answered without a lease: " + EtcdJson.text(answer.body(), "error"));
                }
                leaseId = granted;
                leaseTtlSeconds = wantedTtlSeconds;
                grantedTtlSeconds = (int) ttl;
                keepaliveTerm = answer.raftTerm();
                hadLease = true;
                yield new Cas.Won<>(new Confirmed(answer.sentAtNanos()));
            }
            case Refused refused -> new Cas.Unknown<>("etcd refused a lease: " + refused.message());
            case NoAnswer none -> new Cas.Unknown<>(none.cause());
        };
    }

    private static void addCompare(ArrayNode compare, Expect expectation, String session) {
        ObjectNode node = compare.addObject().put("key", EtcdJson.encode(keyOf(expectation))).put("result", "EQUAL");
        switch (expectation) {
            case Expect.Absent absent -> node.put("target", "CREATE").put("create_revision", "0");
            case Expect.Version version ->
                node.put("target", "MOD").put("mod_revision", Long.toString(version.version()));
            case Expect.OwnSession own -> node.put("target", "LEASE").put("lease", session);
        }
    }

    private static String keyOf(Expect expectation) {
        return switch (expectation) {
            case Expect.Absent(String key) -> key;
            case Expect.Version(String key, long version) -> key;
            case Expect.OwnSession(String key) -> key;
        };
    }

    private static void addChange(ArrayNode success, Change change, String session) {
        switch (change) {
            case Change.Put(String key, String value, boolean inSession) -> {
                ObjectNode put = success.addObject().putObject("request_put").put("key", EtcdJson.encode(key))
                        .put("value", EtcdJson.encode(value));
                if (inSession) {
                    put.put("lease", session);
                }
            }
            case Change.Delete(String key) -> success.addObject().putObject("request_delete_range").put("key",
                    EtcdJson.encode(key));
        }
    }

    @Override
    public Cas<Confirmed> deletePrefix(String prefix) {
        ObjectNode request = EtcdJson.object().put("key", EtcdJson.encode(prefix)).put("range_end",
                EtcdJson.prefixEnd(prefix));
        return switch (gateway.call("/kv/deleterange", request.toString(), false)) {
            case Answer answer -> new Cas.Won<>(new Confirmed(answer.sentAtNanos()));
            case Refused refused -> new Cas.Lost<>("etcd refused: " + refused.message());
            case NoAnswer none -> new Cas.Unknown<>(none.cause());
        };
    }

    @Override
    public Cas<Confirmed> refreshSession() {
        boolean isExpired = leaseId.isEmpty() && hadLease;
        if (!leaseId.isEmpty() && leaseTtlSeconds == ttlSeconds) {
            Cas<Confirmed> extended = keepAlive();
            if (!(extended instanceof Cas.Lost)) {
                return extended;
            }
            leaseId = "";
            isExpired = true;
        }
        Cas<Confirmed> granted = grant();
        return granted.isWon() && isExpired ? new Cas.Lost<>("the session had expired") : granted;
    }

    @Override
    public String sessionId() {
        return leaseId;
    }

    @Override
    public void setTimeouts(int newTtlSeconds, Duration callLimit) {
        ttlSeconds = newTtlSeconds;
        gateway.setCallLimit(callLimit);
    }

    @Override
    public int grantedTtlSeconds() {
        return grantedTtlSeconds;
    }

    @Override
    public void watch(String prefix, Consumer<Event> listener) {
        EtcdWatch next = new EtcdWatch(gateway, tasks, prefix, listener);
        EtcdWatch former = watch.getAndSet(next);
        if (former != null) {
            former.close();
        }
        next.start();
    }

    @Override
    public void close() {
        EtcdWatch running = watch.getAndSet(null);
        if (running != null) {
            running.close();
        }
        gateway.close();
    }

    @Override
    public String describe() {
        return description;
    }
}
