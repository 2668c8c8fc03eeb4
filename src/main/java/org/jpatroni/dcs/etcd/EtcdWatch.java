package org.jpatroni.dcs.etcd;

import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jpatroni.dcs.KeyValueClient.Event;
import org.jpatroni.runtime.Tasks;
import org.jpatroni.runtime.Time;
import org.jpatroni.runtime.Wakeup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps a watch on a prefix open. It goes on from the revision that it has seen, so that nothing is missed or told twice when the
 * connection changes; it changes by itself now and then, because a dead peer says nothing, and so does etcd when nothing happens.
 */
final class EtcdWatch {

    private static final Logger LOG = LoggerFactory.getLogger(EtcdWatch.class);
    private static final Duration CONNECTION_LIFE = Duration.ofSeconds(20);
    private static final Duration CREATE_LIMIT = Duration.ofSeconds(5);
    private static final Duration PAUSE_MIN = Duration.ofMillis(100);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(5);

    private final EtcdGateway gateway;
    private final Tasks tasks;
    private final String prefix;
    private final Consumer<Event> listener;
    private final Wakeup wakeup;

    private volatile boolean closed;
    /** The first revision not seen yet; zero when what has happened so far is not known. */
    private long nextRevision;

    EtcdWatch(EtcdGateway gateway, Tasks tasks, String prefix, Consumer<Event> listener) {
        this.gateway = gateway;
        this.tasks = tasks;
        this.prefix = prefix;
        this.listener = listener;
        this.wakeup = tasks.newWakeup();
        gateway.onOtherEndpoint(wakeup::signal);
    }

    void start() {
        tasks.start("etcd-watch", () -> {
            run();
            return true;
        });
    }

    void close() {
        closed = true;
        wakeup.signal();
    }

    private void run() throws InterruptedException {
        Duration pause = PAUSE_MIN;
        boolean isTold = false;
        while (!closed) {
            Optional<String> failure = connection();
            if (failure.isEmpty()) {
                pause = PAUSE_MIN;
                isTold = false;
                continue;
            }
            if (!closed && !isTold) {
                LOG.info("watching etcd was interrupted: {}", failure.get());
                isTold = true;
            }
            wakeup.await(pause);
            pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
        }
    }

    /** Watches over one connection until its life is over; what ended it earlier, if something did. */
    private Optional<String> connection() throws InterruptedException {
        Optional<URI> endpoint = gateway.current();
        if (endpoint.isEmpty()) {
            return Optional.of("no endpoint of etcd is known");
        }
        ObjectNode request = EtcdJson.object();
        ObjectNode create = request.putObject("create_request").put("key", EtcdJson.encode(prefix)).put("range_end",
                EtcdJson.prefixEnd(prefix));
        if (nextRevision > 0) {
            create.put("start_revision", Long.toString(nextRevision));
        }
        Lines lines = new Lines();
        CompletableFuture<HttpResponse<Void>> response = gateway
                .stream(endpoint.get(), "/watch", request.toString(), lines)
                .whenComplete((done, failed) -> {
                    if (failed != null) {
                        lines.end("connection lost");
                    } else if (done.statusCode() != 200) {
                        lines.end("HTTP " + done.statusCode());
                    }
                });
        try {
            await(lines, CREATE_LIMIT, () -> lines.isCreated);
            if (!lines.isCreated && lines.ending == null) {
                lines.end("no answer");
            }
            // Where another member is asked now, this one is probably not well.
            await(lines, CONNECTION_LIFE, () -> !gateway.current().equals(endpoint));
            // Before it is cancelled: a connection that we end ourselves was not lost.
            return Optional.ofNullable(lines.ending);
        } finally {
            lines.cancel();
            response.cancel(true);
        }
    }

    /** Waits until the stream ends, the watch is closed, the time is over, or something else is the case. */
    private void await(Lines lines, Duration limit, BooleanSupplier isEnough) throws InterruptedException {
        Time.Deadline deadline = tasks.time().deadlineIn(limit);
        while (!closed && lines.ending == null && !isEnough.getAsBoolean() && !deadline.isPast()) {
            wakeup.await(deadline.left());
        }
    }

    /** What comes over one connection, line by line. */
    private final class Lines implements Subscriber<String> {
        private volatile @Nullable Subscription subscription;
        private volatile @Nullable String ending;
        private volatile boolean isCreated;
        private boolean isCancelled;

        synchronized void cancel() {
            isCancelled = true;
            if (subscription != null) {
                subscription.cancel();
            }
        }

        void end(String reason) {
            ending = reason;
            wakeup.signal();
        }

        @Override
        public void onSubscribe(Subscription started) {
            subscription = started;
            started.request(Long.MAX_VALUE);
        }

        @Override
        public synchronized void onNext(String line) {
            if (isCancelled || line.isBlank()) {
                return;
            }
            EtcdJson.readObject(line).ifPresentOrElse(this::onMessage, () -> end("an answer that is no JSON"));
        }

        @Override
        public void onError(Throwable failure) {
            end("connection lost");
        }

        @Override
        public void onComplete() {
            end("the connection was closed");
        }

        private void onMessage(JsonNode message) {
            if (message.has("error")) {
                gateway.forgetToken();
                end(message.path("error").toString());
                return;
            }
            JsonNode result = message.path("result");
            long revision = EtcdJson.number(result.path("header"), "revision");
            if (result.path("canceled").asBoolean(false)) {
                if (EtcdJson.number(result, "compact_revision") > 0) {
                    nextRevision = 0;
                } else {
                    // No permission, or the token was not taken.
                    gateway.forgetToken();
                }
                end("etcd ended the watch: " + EtcdJson.text(result, "cancel_reason"));
                return;
            }
            if (result.path("created").asBoolean(false)) {
                isCreated = true;
                if (nextRevision == 0 || revision + 1 < nextRevision) {
                    nextRevision = revision + 1;
                    listener.accept(Event.MISSED);
                }
                wakeup.signal();
                return;
            }
            for (JsonNode event : result.path("events")) {
                tell(event);
            }
            nextRevision = Math.max(nextRevision, revision + 1);
        }

        private void tell(JsonNode event) {
            JsonNode node = event.path("kv");
            String key;
            try {
                key = EtcdJson.decode(EtcdJson.text(node, "key"));
            } catch (IllegalArgumentException garbage) {
                listener.accept(Event.MISSED);
                return;
            }
            boolean isDeletion = EtcdJson.text(event, "type").equals("DELETE");
            boolean isCreation = EtcdJson.number(node, "create_revision") == EtcdJson.number(node, "mod_revision");
            listener.accept(new Event(isDeletion
                    ? Event.Kind.DELETED
                    : isCreation
                            ? Event.Kind.CREATED
                            : Event.Kind.WRITTEN,
                    key));
        }
    }
}
