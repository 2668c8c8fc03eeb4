package org.jpatroni.app;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Renders events one by one and hands each line to a sink at once: an agent that is killed has said everything it had to say. */
final class LineAppender extends AppenderBase<ILoggingEvent> {

    private final LogSink sink;
    private final Function<ILoggingEvent, String> layout;
    private final boolean criticalOnly;
    private final boolean deduplicateHeartbeats;
    private @Nullable String lastHeartbeat;

    LineAppender(LogSink sink, Function<ILoggingEvent, String> layout, boolean criticalOnly,
            boolean deduplicateHeartbeats) {
        this.sink = sink;
        this.layout = layout;
        this.criticalOnly = criticalOnly;
        this.deduplicateHeartbeats = deduplicateHeartbeats;
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (criticalOnly && !LogRecord.isCritical(event) || isRepeatedHeartbeat(event)) {
            return;
        }
        sink.write(layout.apply(event));
    }

    private boolean isRepeatedHeartbeat(ILoggingEvent event) {
        if (!deduplicateHeartbeats) {
            return false;
        }
        String message = event.getFormattedMessage();
        boolean heartbeat = message.startsWith("no action. ") || message.startsWith("PAUSE: no action");
        boolean repeated = heartbeat && message.equals(lastHeartbeat);
        lastHeartbeat = heartbeat ? message : null;
        return repeated;
    }

    @Override
    public void stop() {
        super.stop();
        sink.close();
    }
}
