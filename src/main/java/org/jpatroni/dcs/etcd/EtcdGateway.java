package org.jpatroni.dcs.etcd;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jpatroni.config.Secret;
import org.jpatroni.dcs.etcd.EtcdReply.Answer;
import org.jpatroni.dcs.etcd.EtcdReply.NoAnswer;
import org.jpatroni.dcs.etcd.EtcdReply.Refused;
import org.jpatroni.runtime.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Requests to etcd over HTTP: endpoints one after the other, logging in, the time limit of a call. A request that is not safe to repeat
 * goes to another endpoint only when the first one surely never got it.
 */
final class EtcdGateway {

    private static final Logger LOG = LoggerFactory.getLogger(EtcdGateway.class);
    private static final long ANSWER_BYTES_MAX = 64L << 20;
    private static final Duration PAUSE_MAX = Duration.ofSeconds(1);
    private static final String NO_SUCH_PATH = "has no JSON gateway for version 3 of its API";
    private static final String TOKEN_HEADER = "Authorization";

    /** What to log in with. */
    record Credentials(String username, Secret password) {
    }

    private final HttpClient http;
    private final EtcdEndpoints endpoints;
    private final Optional<Credentials> credentials;
    private final Time time;

    private volatile Duration callLimit = Duration.ofSeconds(5);
    private volatile String version = "/v3";
    private volatile String token = "";
    private volatile boolean needsToken = true;
    private String clusterId = "";
    private long raftTerm;

    EtcdGateway(HttpClient http, EtcdEndpoints endpoints, Optional<Credentials> credentials, Time time) {
        this.http = http;
        this.endpoints = endpoints;
        this.credentials = credentials;
        this.time = time;
    }

    void setCallLimit(Duration limit) {
        callLimit = limit;
    }

    /** The member that would be asked now. */
    Optional<URI> current() {
        return endpoints.inOrder().stream().findFirst();
    }

    /** Calls back when the member that is asked changes; does not block. */
    void onOtherEndpoint(Runnable changed) {
        endpoints.onChange(changed);
    }

    /**
     * Calls one method.
     *
     * @param method path below the version, such as {@code /kv/range}
     * @param isRepeatable whether doing it twice, or once more later, does no harm
     */
    EtcdReply call(String method, String body, boolean isRepeatable) {
        Time.Deadline deadline = time.deadlineIn(callLimit);
        Duration pause = Duration.ofMillis(50);
        NoAnswer last = new NoAnswer("no endpoint of etcd is known", false);
        while (true) {
            List<URI> candidates = endpoints.inOrder();
            if (candidates.isEmpty()) {
                endpoints.lookUp(deadline.left());
                candidates = endpoints.inOrder();
            }
            for (int i = 0; i < candidates.size(); i++) {
                URI endpoint = candidates.get(i);
                boolean mayAskAnother = isRepeatable && i + 1 < candidates.size();
                Duration limit = mayAskAnother ? deadline.left().dividedBy(2) : deadline.left();
                switch (upToDate(loggedIn(endpoint, method, body, limit))) {
                    case Answer answer -> {
                        endpoints.succeeded(endpoint);
                        return answer;
                    }
                    case Refused refused -> {
                        return refused;
                    }
                    case NoAnswer(String cause, boolean maybeDone) -> {
                        endpoints.failed(endpoint, cause);
                        last = new NoAnswer("etcd at " + endpoint + ": " + cause, maybeDone);
                        if (maybeDone && !isRepeatable || Thread.currentThread().isInterrupted()) {
                            return last;
                        }
                    }
                }
            }
            if (deadline.left().compareTo(pause) <= 0 || !sleep(pause)) {
                return last;
            }
            pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
            endpoints.lookUp(deadline.left().dividedBy(2));
        }
    }

    /**
     * A member that is cut off from the others may not know it yet, and confirms leases that nobody else believes in. Raft terms only
     * grow: who tells of an older one than was heard before is such a member.
     */
    private EtcdReply upToDate(EtcdReply reply) {
        if (!(reply instanceof Answer answer) || answer.clusterId().isEmpty()) {
            return reply;
        }
        synchronized (this) {
            if (!answer.clusterId().equals(clusterId)) {
                if (!clusterId.isEmpty()) {
                    LOG.warn("etcd is another cluster now: id {} after {}", answer.clusterId(), clusterId);
                }
                clusterId = answer.clusterId();
                raftTerm = answer.raftTerm();
            }
            if (answer.raftTerm() < raftTerm) {
                return new NoAnswer("is behind the others: raft term " + answer.raftTerm() + " after " + raftTerm,
                        true);
            }
            raftTerm = answer.raftTerm();
            return reply;
        }
    }

    private boolean sleep(Duration pause) {
        try {
            time.sleep(pause);
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** One endpoint: with a token where there is a user, and once more with a new one when etcd does not like it. */
    private EtcdReply loggedIn(URI endpoint, String method, String body, Duration limit) {
        Time.Deadline deadline = time.deadlineIn(limit);
        if (credentials.isPresent() && needsToken && token.isEmpty()) {
            Optional<EtcdReply> failure = logIn(endpoint, deadline.left());
            if (failure.isPresent()) {
                return failure.get();
            }
        }
        EtcdReply reply = versioned(endpoint, method, body, deadline.left());
        if (credentials.isEmpty() || !(reply instanceof Refused refused && refused.isTokenProblem())) {
            return reply;
        }
        Optional<EtcdReply> failure = logIn(endpoint, deadline.left());
        return failure.isPresent() ? failure.get() : versioned(endpoint, method, body, deadline.left());
    }

    /** Gets a token; empty when that went well, or when etcd needs none. */
    private Optional<EtcdReply> logIn(URI endpoint, Duration limit) {
        Credentials user = credentials.orElseThrow();
        token = "";
        String body = EtcdJson.object().put("name", user.username()).put("password", user.password().reveal())
                .toString();
        return switch (versioned(endpoint, "/auth/authenticate", body, limit)) {
            case Answer answer -> {
                token = EtcdJson.text(answer.body(), "token");
                yield Optional.empty();
            }
            case Refused refused when refused.isAuthenticationOff() -> {
                needsToken = false;
                yield Optional.empty();
            }
            case Refused(int code, String message) -> Optional.of(
                    new Refused(code, "login as " + user.username() + " (etcd3.username) failed: " + message));
            case NoAnswer(String cause, boolean maybeDone) -> Optional.of(new NoAnswer(cause, false));
        };
    }

    /** etcd 3.3 has the same API under another path. */
    private EtcdReply versioned(URI endpoint, String method, String body, Duration limit) {
        Time.Deadline deadline = time.deadlineIn(limit);
        EtcdReply reply = send(endpoint, version + method, body, deadline.left());
        if (reply instanceof NoAnswer(String cause, boolean maybeDone) && cause.equals(NO_SUCH_PATH)) {
            version = version.equals("/v3") ? "/v3beta" : "/v3";
            return send(endpoint, version + method, body, deadline.left());
        }
        return reply;
    }

    private EtcdReply send(URI endpoint, String path, String body, Duration limit) {
        if (!limit.isPositive()) {
            return new NoAnswer("no time left", false);
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint.resolve(path))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header(TOKEN_HEADER, token);
        }
        long sentAtNanos = time.nanos();
        CompletableFuture<HttpResponse<String>> future = http.sendAsync(request.build(),
                BodyHandlers.limiting(BodyHandlers.ofString(), ANSWER_BYTES_MAX));
        try {
            return reply(future.get(limit.toNanos(), TimeUnit.NANOSECONDS), sentAtNanos);
        } catch (TimeoutException late) {
            future.cancel(true);
            return new NoAnswer("no answer within " + limit.toMillis() + " ms", true);
        } catch (InterruptedException interrupted) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            return new NoAnswer("interrupted", true);
        } catch (ExecutionException failed) {
            return failure(failed.getCause() == null ? failed : failed.getCause());
        }
    }

    /** Without connection, or before TLS was agreed, nothing was sent. */
    private static NoAnswer failure(Throwable cause) {
        boolean neverSent = cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException
                || cause instanceof UnresolvedAddressException || cause instanceof SSLException;
        String text = switch (cause) {
            case HttpConnectTimeoutException late -> "no connection in time";
            case ConnectException refused when refused.getCause() instanceof UnresolvedAddressException ->
                "unknown host";
            case ConnectException refused -> "connection refused";
            case SSLException tls -> "TLS: " + tls.getMessage();
            case IOException io -> "connection lost: " + io.getMessage();
            default -> cause.toString();
        };
        return new NoAnswer(text, !neverSent);
    }

    private static EtcdReply reply(HttpResponse<String> response, long sentAtNanos) {
        Optional<JsonNode> body = EtcdJson.readObject(response.body());
        if (body.isEmpty()) {
            return response.statusCode() == 404
                    ? new NoAnswer(NO_SUCH_PATH, false)
                    : new NoAnswer("answered HTTP " + response.statusCode() + " without a JSON object: is that etcd?",
                            true);
        }
        JsonNode object = body.get();
        if (response.statusCode() >= 400 || object.has("error")) {
            return EtcdReply.ofError(object);
        }
        // Streaming methods put the answer one level down.
        JsonNode answer = object.path("result").isObject() ? object.path("result") : object;
        // Fields that are empty are left out, so that any object could pass for an empty store; but etcd always adds this one.
        return answer.path("header").isObject()
                ? new Answer(answer, sentAtNanos)
                : new NoAnswer("answered without a header: is that etcd?", true);
    }

    /** Logs in again before the next request. */
    void forgetToken() {
        token = "";
        needsToken = true;
    }

    /** A request whose answer never ends, for watching; its lines go to the subscriber. */
    CompletableFuture<HttpResponse<Void>> stream(URI endpoint, String method, String body, Subscriber<String> lines) {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint.resolve(version + method))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header(TOKEN_HEADER, token);
        }
        return http.sendAsync(request.build(), BodyHandlers.fromLineSubscriber(lines));
    }

    /** Ends all connections. */
    void close() {
        http.shutdownNow();
        http.close();
    }
}
