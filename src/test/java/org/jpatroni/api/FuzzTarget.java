package org.jpatroni.api;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jpatroni.agent.EndedDesk;
import org.jpatroni.agent.OperationCounters;
import org.jpatroni.agent.StatusBoard;
import org.jpatroni.dcs.ClusterKeys;
import org.jpatroni.dcs.Faults;
import org.jpatroni.dcs.KvClusterStore;
import org.jpatroni.dcs.MemoryStore;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.operation.NoAgent;
import org.jpatroni.operation.OperationParts;
import org.jpatroni.operation.Operations;
import org.jpatroni.runtime.Time;
import org.slf4j.LoggerFactory;

/** The real server over the real operations and a store in memory, and what must not happen to them whatever is sent. */
final class FuzzTarget implements AutoCloseable {

    static final String CONFIG = "{\"ttl\":30,\"loop_wait\":10,\"retry_timeout\":10,\"postgresql\":{\"parameters\":{\"a.b\":1}}}";
    private static final ApiLimits LIMITS = new ApiLimits(2048, 1536, 256, 2_000, 2_000, 5_000, 5_000, 1_000, 8_192,
            8_192, 1_048_576, 32);

    /** Lines that only a fault writes. */
    private static final class Faulty extends AppenderBase<ILoggingEvent> {
        private final ConcurrentLinkedQueue<String> lines = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
                String thrown = event.getThrowableProxy() == null
                        ? ""
                        : " " + event.getThrowableProxy().getClassName() + " "
                                + List.of(event.getThrowableProxy().getStackTraceElementProxyArray()).stream().limit(6)
                                        .toList();
                lines.add(event.getFormattedMessage() + thrown);
            }
        }
    }

    final ApiServer server;
    private final KvClusterStore store;
    private final AtomicInteger configWrites = new AtomicInteger();
    private final Faulty faulty = new Faulty();
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final List<Logger> talkative = List.of((Logger) LoggerFactory.getLogger(AuditLog.class),
            (Logger) LoggerFactory.getLogger("org.jpatroni.operation"));
    private final ResourceLeakDetector.Level leakLevel = ResourceLeakDetector.getLevel();

    FuzzTarget() throws IOException {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        faulty.setContext(root.getLoggerContext());
        faulty.start();
        root.addAppender(faulty);
        talkative.forEach(logger -> logger.setLevel(Level.WARN));
        NodeFixture node = NodeFixture.replica();
        node.dynamic.put("failsafe_mode", true);
        store = new KvClusterStore(new MemoryStore(Time.system()).client(node.name, Time.system(), Faults.NONE),
                ClusterKeys.of("/service", "demo"), node.name, Time.system());
        store.setTimeouts(30, Duration.ofSeconds(1));
        if (!store.writeConfig(CONFIG, 0).isWon()) {
            throw new IOException("the store refused");
        }
        Operations operations = new Operations(new OperationParts(node.name, store, new StatusBoard(node.ha()), () -> {
        }, (members, limit) -> List.of(), new OperationCounters(),
                new QuickTasks(Instant.parse("2026-11-22T19:46:04Z")), new NoAgent(EndedDesk.make())));
        server = new ApiServer(node,
                GuardedConfig.of(ApiServer.config("127.0.0.1", 0), Map.of()), LIMITS);
        server.commands.answerLater(command -> operations.submit(command).thenApply(reply -> {
            if (reply.code() < 400 && command.operation().label().equals("config")) {
                configWrites.incrementAndGet();
            }
            return reply;
        }));
    }

    String storedConfig() {
        try {
            return store.snapshot().config().map(StoredConfig::json).orElse("");
        } catch (Exception broken) {
            throw new IllegalStateException(broken);
        }
    }

    int configWrites() {
        return configWrites.get();
    }

    /** What is wrong with answers, by what may be in any answer at all. */
    static Optional<String> complaint(String answers) {
        for (String trace : List.of("Exception", "org.jpatroni", "java.", "\tat ", "io.netty", "Error:")) {
            if (answers.contains(trace)) {
                return Optional.of("tells of the inside: " + trace);
            }
        }
        for (int code : ApiServer.codes(answers)) {
            boolean known = code < 500 || List.of(501, 502, 503, 505).contains(code);
            if (!known) {
                return Optional.of("answers " + code);
            }
        }
        return Optional.empty();
    }

    /** Health checks of several connections, so that each event loop has to answer. */
    void checkAlive() throws IOException {
        for (int i = 0; i < 4; i++) {
            if (server.get("/liveness") != 200) {
                throw new IOException("/liveness fails");
            }
        }
    }

    /** Lines of the log that only a fault writes, leaks of buffers among them. */
    List<String> faults() {
        return List.copyOf(faulty.lines);
    }

    @Override
    public void close() {
        server.close();
        root.detachAppender(faulty);
        talkative.forEach(logger -> logger.setLevel(null));
        ResourceLeakDetector.setLevel(leakLevel);
    }
}
