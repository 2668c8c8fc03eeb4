package org.jpatroni.sim;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

/**
 * The agents' log lines of warning and above become lines of the transcript. Invariant 11: lines that only a bug writes fail the run;
 * other errors have a cause that was injected.
 */
final class SimLogs extends AppenderBase<ILoggingEvent> implements AutoCloseable {

    private final Logger logger;
    private final Level levelBefore;

    private SimLogs(Logger logger) {
        this.logger = logger;
        this.levelBefore = logger.getLevel();
    }

    /** Takes over the log of the packages until closed. */
    static SimLogs capture() {
        SimLogs logs = new SimLogs((Logger) LoggerFactory.getLogger("org.jpatroni"));
        logs.setContext(logs.logger.getLoggerContext());
        logs.start();
        logs.logger.setLevel(Level.WARN);
        logs.logger.setAdditive(false);
        logs.logger.addAppender(logs);
        return logs;
    }

    @Override
    protected void append(ILoggingEvent event) {
        SimThread thread = SimThread.current();
        if (thread == null) {
            return;
        }
        String text = event.getFormattedMessage();
        SimKernel kernel = thread.kernel();
        kernel.trace(thread.process().name(), event.getLevel() + " " + text);
        boolean bug = text.startsWith("the HA loop failed") || text.contains("failed unexpectedly");
        if (bug) {
            StringBuilder trace = new StringBuilder("invariant 11: ").append(text);
            if (event.getThrowableProxy() != null) {
                trace.append("\n  ").append(event.getThrowableProxy().getClassName()).append(": ")
                        .append(event.getThrowableProxy().getMessage());
                for (var frame : event.getThrowableProxy().getStackTraceElementProxyArray()) {
                    trace.append("\n    ").append(frame);
                }
            }
            kernel.fail(trace.toString());
        }
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        logger.setAdditive(true);
        logger.setLevel(levelBefore);
        stop();
    }
}
