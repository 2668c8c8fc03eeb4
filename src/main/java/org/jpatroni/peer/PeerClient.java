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
import java.util.Optional;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLContext;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks other members by {@code GET /patroni}, all at the same time; Patroni's own members answer the same way. */
public final class PeerClient implements Peers, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PeerClient.class);

    private final Tasks tasks;
    private final HttpClient http;

    /** Uses this TLS context for members whose URL is https; empty: the JDK's own trust. */
    public PeerClient(Tasks tasks, Optional<SSLContext> tls) {
        this.tasks = tasks;
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(2));
        tls.ifPresent(builder::sslContext);
        this.http = builder.build();
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

    private PeerAnswer ask(Member member, Duration limit) throws InterruptedException {
        if (member.apiUrl().isEmpty()) {
            return PeerAnswer.unreachable(member.name());
        }
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(member.apiUrl().get())).timeout(limit).GET()
                    .build();
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            LOG.debug("{} answered {}", member.name(), response.statusCode());
            return PeerAnswerReader.read(member.name(), response.body());
        } catch (IOException | IllegalArgumentException unreachable) {
            LOG.info("{} ({}) does not answer: {}", member.name(), member.apiUrl().get(), cause(unreachable));
            return PeerAnswer.unreachable(member.name());
        }
    }

    private static String cause(Exception unreachable) {
        return switch (unreachable) {
            case HttpTimeoutException _ -> "no answer in time";
            case ConnectException _ -> "connection refused";
            default -> unreachable.getMessage() == null ? "connection lost" : unreachable.getMessage();
        };
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
