package org.jpatroni.peer;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jpatroni.config.Secret;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls other members over their REST API: {@code GET /patroni} of all at the same time, and any POST. Patroni's own members answer the same
 * way. How they are called is configured in the section {@code ctl}.
 */
public final class PeerClient implements Peers, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PeerClient.class);
    /** A status document has some kilobytes. */
    private static final int BODY_MAX = 1 << 20;

    private final Tasks tasks;
    private final PeerTransport transport;

    /**
     * Reads the files that the settings name.
     *
     * @throws IllegalArgumentException when one cannot be used; the message names it
     */
    public PeerClient(Tasks tasks, PeerSettings settings) {
        this.tasks = tasks;
        this.transport = new PeerTransport(settings, tasks.time());
    }

    /**
     * Takes over new settings for the next calls.
     *
     * @throws IllegalArgumentException when a file cannot be used; then nothing has changed
     */
    public void reload(PeerSettings settings) {
        transport.reload(settings);
    }

    @Override
    public List<PeerAnswer> askStatus(List<Member> members, Duration limit) throws InterruptedException {
        List<Callable<PeerAnswer>> questions = new ArrayList<>();
        for (Member member : members) {
            questions.add(() -> ask(member, limit));
        }
        List<Optional<PeerAnswer>> answers = tasks.askAll("peer", questions, limit);
        List<PeerAnswer> result = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            String name = members.get(i).name();
            result.add(answers.get(i).orElseGet(() -> PeerAnswer.unreachable(name)));
        }
        return result;
    }

    @Override
    public List<FailsafeAnswer> askFailsafe(List<Member> members, FailsafePing ping, Duration limit)
            throws InterruptedException {
        String json = FailsafeMessages.encode(ping);
        List<Callable<FailsafeAnswer>> questions = new ArrayList<>();
        for (Member member : members) {
            questions.add(() -> failsafe(member, json, limit));
        }
        List<Optional<FailsafeAnswer>> answers = tasks.askAll("failsafe", questions, limit);
        List<FailsafeAnswer> result = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            String name = members.get(i).name();
            FailsafeAnswer answer = answers.get(i).orElseGet(() -> FailsafeAnswer.unreachable(name, "no answer"));
            LOG.info("Got response from {} {}: {}", name, members.get(i).apiUrl().orElse("without address"),
                    answer.text());
            result.add(answer);
        }
        return result;
    }

    private FailsafeAnswer failsafe(Member member, String json, Duration limit) throws InterruptedException {
        try {
            return FailsafeMessages.answer(member.name(), post(member, "/failsafe", json, limit));
        } catch (IOException unreachable) {
            return FailsafeAnswer.unreachable(member.name(), cause(unreachable));
        }
    }

    private PeerAnswer ask(Member member, Duration limit) throws InterruptedException {
        if (member.apiUrl().isEmpty()) {
            return PeerAnswer.unreachable(member.name());
        }
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(member.apiUrl().get())).timeout(limit).GET()
                    .build();
            HttpResponse<String> response = transport.shared().send(request, bodyHandler());
            LOG.debug("{} answered {}", member.name(), response.statusCode());
            return PeerAnswerReader.read(member.name(), response.body());
        } catch (IOException | IllegalArgumentException unreachable) {
            LOG.info("{} ({}) does not answer: {}", member.name(), member.apiUrl().get(), cause(unreachable));
            return PeerAnswer.unreachable(member.name());
        }
    }

    /**
     * Sends a POST with credentials, on a connection of its own and never twice. Any status is an answer.
     *
     * @param path with a leading slash, for example {@code /failsafe}
     * @param json the body
     * @param limit for all of it: connect, handshake, answer to its last byte
     * @throws HttpTimeoutException when the time was over first: the member may have acted or not
     * @throws IOException when the member has no API, cannot be reached, or the answer is cut; the message has no secrets
     */
    public PeerReply post(Member member, String path, String json, Duration limit)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint(member, path)).timeout(limit)
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json));
        transport.settings().authorization().map(Secret::reveal)
                .ifPresent(value -> request.header("Authorization", value));
        HttpClient client = transport.fresh();
        try {
            CompletableFuture<HttpResponse<String>> answer = client.sendAsync(request.build(), bodyHandler());
            HttpResponse<String> response = answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            LOG.debug("{} answered POST {} with {}", member.name(), path, response.statusCode());
            return new PeerReply(response.statusCode(), headers(response), response.body());
        } catch (TimeoutException late) {
            throw new HttpTimeoutException("no answer in time");
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof IOException io
                    ? io
                    : new IOException(String.valueOf(failed.getCause()), failed);
        } finally {
            client.shutdownNow();
        }
    }

    /** Whether the member's API answers {@code GET /liveness}, with whatever status. */
    public boolean answers(Member member, Duration limit) throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(endpoint(member, "/liveness")).timeout(limit).GET().build();
            transport.shared().send(request, bodyHandler());
            return true;
        } catch (IOException unreachable) {
            LOG.debug("{} does not answer: {}", member.name(), cause(unreachable));
            return false;
        }
    }

    /** The address of a path beside the one in {@code api_url}. */
    private static URI endpoint(Member member, String path) throws IOException {
        String url = member.apiUrl().orElseThrow(() -> new IOException(member.name() + " has no REST API"));
        int authority = url.indexOf("://") + 3;
        int slash = url.indexOf('/', authority);
        try {
            return URI.create((slash < 0 ? url : url.substring(0, slash)) + path);
        } catch (IllegalArgumentException malformed) {
            throw new IOException("the address of " + member.name() + " cannot be read: " + url, malformed);
        }
    }

    private static HttpResponse.BodyHandler<String> bodyHandler() {
        return HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofString(), BODY_MAX);
    }

    private static Map<String, List<String>> headers(HttpResponse<?> response) {
        Map<String, List<String>> headers = new TreeMap<>();
        response.headers().map().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
        return headers;
    }

    private static String cause(Exception unreachable) {
        return switch (unreachable) {
            case HttpTimeoutException _ -> "no answer in time";
            case ConnectException _ -> "connection refused";
            case SSLException tls -> "TLS: " + tls.getMessage();
            default -> unreachable.getMessage() == null ? "connection lost" : unreachable.getMessage();
        };
    }

    @Override
    public void close() {
        transport.close();
    }
}
