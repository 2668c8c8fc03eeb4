package org.jpatroni.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Optional;
import org.slf4j.Marker;

/** A log event as Python's log records show it. */
final class LogRecord {

    private static final StackTraceElement NOWHERE = new StackTraceElement("?", "?", "?", 0);

    private final ILoggingEvent event;
    private final TimeFormat timeFormat;
    private final ZoneId zone;
    private final long startMillis;

    LogRecord(ILoggingEvent event, TimeFormat timeFormat, ZoneId zone, long startMillis) {
        this.event = event;
        this.timeFormat = timeFormat;
        this.zone = zone;
        this.startMillis = startMillis;
    }

    /** DEBUG, INFO, WARNING, ERROR or CRITICAL. */
    static String levelName(ILoggingEvent event) {
        if (isCritical(event)) {
            return "CRITICAL";
        }
        return event.getLevel().equals(Level.WARN)
                ? "WARNING"
                : event.getLevel().isGreaterOrEqual(Level.INFO) ? event.getLevel().toString() : "DEBUG";
    }

    static boolean isCritical(ILoggingEvent event) {
        return event.getMarkerList() != null && event.getMarkerList().stream().map(Marker::getName)
                .anyMatch(LogSetup.CRITICAL.getName()::equals);
    }

    /** The value of one of {@code LogFormat.ATTRIBUTES}. */
    Object value(String attribute) {
        return switch (attribute) {
            case "asctime" ->
                timeFormat.format(ZonedDateTime.ofInstant(Instant.ofEpochMilli(event.getTimeStamp()), zone));
            case "created" -> event.getTimeStamp() / 1000.0;
            case "msecs" -> (double) Math.floorMod(event.getTimeStamp(), 1000L);
            case "relativeCreated" -> (double) (event.getTimeStamp() - startMillis);
            case "levelname" -> levelName(event);
            case "levelno" -> levelNumber();
            case "message" -> event.getFormattedMessage();
            case "name" -> event.getLoggerName();
            case "process" -> ProcessHandle.current().pid();
            case "processName" -> "MainProcess";
            case "thread" -> Thread.currentThread().threadId();
            case "threadName", "taskName" -> event.getThreadName();
            case "lineno" -> (long) Math.max(0, caller().getLineNumber());
            case "funcName" -> caller().getMethodName();
            case "filename" -> String.valueOf(caller().getFileName());
            case "module" -> String.valueOf(caller().getFileName()).replaceFirst("\\.java$", "");
            case "pathname" -> pathname();
            default -> "";
        };
    }

    /** The stack trace, or with {@code shortly} only what it says, as an addition to the message. */
    Optional<String> exception(boolean shortly) {
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown == null) {
            return Optional.empty();
        }
        return Optional.of(shortly
                ? thrown.getClassName() + ": " + thrown.getMessage()
                : ThrowableProxyUtil.asString(thrown).stripTrailing());
    }

    private long levelNumber() {
        return switch (levelName(event)) {
            case "CRITICAL" -> 50;
            case "ERROR" -> 40;
            case "WARNING" -> 30;
            case "INFO" -> 20;
            default -> 10;
        };
    }

    private StackTraceElement caller() {
        StackTraceElement[] callers = event.getCallerData();
        return callers == null || callers.length == 0 ? NOWHERE : callers[0];
    }

    private String pathname() {
        String className = caller().getClassName();
        int dot = className.lastIndexOf('.');
        return (dot < 0 ? "" : className.substring(0, dot + 1).replace('.', '/')) + caller().getFileName();
    }
}
