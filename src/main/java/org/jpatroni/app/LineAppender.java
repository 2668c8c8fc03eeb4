package org.jpatroni.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Renders events and queues their lines for the writer. An error waits a moment for its line: it may be the last thing this process says. */
final class LineAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final LogWriter writer;
    private final Function<ILoggingEvent, String> layout;
    private final boolean criticalOnly;
    private final boolean deduplicateHeartbeats;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable String lastHeartbeat;

    LineAppender(LogWriter writer, Function<ILoggingEvent, String> layout, boolean criticalOnly,
            boolean deduplicateHeartbeats) {
        this.writer = writer;
        this.layout = layout;
        this.criticalOnly = criticalOnly;
        this.deduplicateHeartbeats = deduplicateHeartbeats;
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (criticalOnly && !LogRecord.isCritical(event)) {
            return;
        }
        String line = layout.apply(event);
        lock.lock();
        try {
            if (deduplicateHeartbeats && isRepeatedHeartbeat(event.getFormattedMessage())) {
                return;
            }
            writer.offer(line);
        } finally {
            lock.unlock();
        }
        if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
            writer.flush(LAST_WORDS);
        }
    }

    private boolean isRepeatedHeartbeat(String message) {
        boolean heartbeat = message.startsWith("no action. ") || message.startsWith("PAUSE: no action");
        boolean repeated = heartbeat && message.equals(lastHeartbeat);
        lastHeartbeat = heartbeat ? message : null;
        return repeated;
    }

    void flush() {
        writer.flush(LAST_WORDS);
    }

    @Override
    public void stop() {
        super.stop();
        writer.close();
    }
}
