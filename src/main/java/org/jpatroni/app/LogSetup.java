package org.jpatroni.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jpatroni.config.JsonTree;
import org.jpatroni.config.LogFormat;
import org.jpatroni.config.NodeConfig.LogConfig;
import org.jpatroni.runtime.Tasks;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/**
 * Sets up Logback from the section {@code log}, without any file of its own. Lines look as Patroni's do, so that what reads its logs
 * reads these. Everything goes to the standard error stream, or to {@code log.dir}, flushed line by line, from a
 * queue of its own: a log that cannot be written never holds up the agent.
 *
 * <p><b>Levels.</b> The code logs through SLF4J. SLF4J has no level above ERROR: a message that is CRITICAL in Patroni's words is logged as
 * an error with the marker {@code CRITICAL}, {@code log.error(MarkerFactory.getMarker("CRITICAL"), "...")}; here that is {@link #CRITICAL}.
 * Libraries log from WARNING on, ZooKeeper from ERROR on, unless {@code log.loggers} names them.
 */
public final class LogSetup {

    /** Marks an error as critical. Packages that must not see this one get the equal marker from SLF4J's MarkerFactory by its name. */
    public static final Marker CRITICAL = MarkerFactory.getMarker("CRITICAL");

    private static final List<String> LIBRARIES = List.of("io.netty", "org.postgresql");

    /**
     * Warns with a stack trace of each lost connection, a dozen of them per member that is restarted; {@code dcs.zookeeper} says it in a line.
     * Its errors keep to a line too, unless somebody wants to know and names it in {@code log.loggers}.
     */
    private static final String NOISY_LIBRARY = "org.apache.zookeeper";
    private static final String OWN = "org.jpatroni";

    private LogSetup() {
    }

    /** Before any configuration is known: everything from INFO on to the standard error stream. */
    public static void early() {
        apply(LogConfig.DEFAULT, LogSink.stderr());
    }

    /**
     * Makes the section effective, at the start and at each reload. When the log folder cannot be used the standard error stream takes
     * its place, and a line says so.
     */
    public static void apply(LogConfig config) {
        if (config.dir().isEmpty()) {
            apply(config, LogSink.stderr());
            return;
        }
        try {
            apply(config, new LogSink.RotatingFile(Path.of(config.dir().get()), config.fileSizeBytes(),
                    config.fileNum(), config.fileMode()));
        } catch (IOException unusable) {
            apply(config, LogSink.stderr());
            LoggerFactory.getLogger(LogSetup.class).error("log.dir: cannot write to {}: {}", config.dir().get(),
                    unusable.getMessage());
        }
    }

    /** For tests: any sink. */
    static void apply(LogConfig config, LogSink sink) {
        configure((LoggerContext) LoggerFactory.getILoggerFactory(), config, sink);
    }

    /** Waits until everything logged so far is written, a second at most. To be called before the process exits. */
    public static void flush() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).iteratorForAppenders().forEachRemaining(appender -> {
            if (appender instanceof LineAppender lines) {
                lines.flush();
            }
        });
    }

    /** Without LoggerFactory, which is not there yet when Logback itself asks. */
    static void configure(LoggerContext context, LogConfig config, LogSink sink) {
        context.reset();
        LineAppender appender = new LineAppender(new LogWriter(sink, config.maxQueueSize(), Tasks.system()),
                layout(config, context.getBirthTime()),
                config.level().equals("CRITICAL"), config.deduplicateHeartbeatLogs());
        appender.setContext(context);
        appender.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(level(config.level()));
        root.addAppender(appender);
        Level libraryLevel = level(config.level()).isGreaterOrEqual(Level.WARN) ? level(config.level()) : Level.WARN;
        LIBRARIES.forEach(name -> context.getLogger(name).setLevel(libraryLevel));
        context.getLogger(NOISY_LIBRARY).setLevel(Level.ERROR);
        config.loggers().forEach((name, level) -> context.getLogger(loggerName(name)).setLevel(level(level)));
    }

    /** Patroni's logger names serve for the packages of the same names here. */
    private static String loggerName(String name) {
        return name.equals("patroni") || name.startsWith("patroni.") ? OWN + name.substring("patroni".length()) : name;
    }

    private static Level level(String name) {
        return switch (name) {
            case "WARNING" -> Level.WARN;
            case "CRITICAL" -> Level.ERROR;
            default -> Level.toLevel(name, Level.INFO);
        };
    }

    private static Function<ILoggingEvent, String> layout(LogConfig config, long startMillis) {
        TimeFormat timeFormat = new TimeFormat(config.dateformat());
        LogFormat format = LogFormat.parse(config.format().orElse(LogFormat.DEFAULT));
        ZoneId zone = ZoneId.systemDefault();
        boolean allShort = config.tracebackLevel().equals("DEBUG") && !config.level().equals("DEBUG");
        boolean librariesShort = config.loggers().keySet().stream().noneMatch(name -> name.startsWith(NOISY_LIBRARY));
        boolean json = config.type().equals("json");
        Map<String, String> fields = new LinkedHashMap<>(config.jsonFields());
        if (fields.isEmpty()) {
            format.attributes().forEach(attribute -> fields.put(attribute, attribute));
        }
        return event -> {
            LogRecord log = new LogRecord(event, timeFormat, zone, startMillis);
            boolean shortTraces = allShort || librariesShort && event.getLoggerName().startsWith(NOISY_LIBRARY);
            return json
                    ? jsonLine(log, fields, config.staticFields(), shortTraces)
                    : format.render(log::value) + log.exception(shortTraces)
                            .map(text -> shortTraces ? ", DETAIL: '" + text + "'" : "\n" + text).orElse("");
        };
    }

    private static String jsonLine(LogRecord log, Map<String, String> fields, Map<String, String> staticFields,
            boolean shortTraces) {
        Map<String, @Nullable Object> line = new LinkedHashMap<>();
        fields.forEach((attribute, name) -> line.put(name, log.value(attribute)));
        log.exception(shortTraces).ifPresent(text -> line.put("exc_info", text));
        line.putAll(staticFields);
        return JsonTree.write(line);
    }
}
