package org.jpatroni.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jpatroni.config.ConfigException;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.config.HostChecks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the daemon begins: command line, configuration, log, and then the node. Whatever stops it from starting ends in one clear line. */
public final class Main {

    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {
    }

    public static void main(String[] arguments) {
        int code = run(arguments, System.getenv());
        LogSetup.flush();
        Runtime.getRuntime().halt(code);
    }

    private static int run(String[] arguments, Map<String, String> environment) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int code = switch (CommandLine.parse(arguments, environment, out, err)) {
            case CommandLine.Exit exit -> exit.code();
            case CommandLine.Run run -> daemon(run, environment, err);
        };
        out.flush();
        err.flush();
        return code;
    }

    private static int daemon(CommandLine.Run run, Map<String, String> environment, PrintWriter err) {
        LogSetup.early();
        ConfigLoader.Loaded loaded;
        try {
            loaded = ConfigLoader.load(run.configuration(), environment);
        } catch (ConfigException invalid) {
            invalid.warnings().forEach(LOG::warn);
            invalid.problems().forEach(problem -> err.println("jpatroni: " + problem));
            return CommandLine.BAD_CONFIGURATION;
        }
        LogSetup.apply(loaded.config().log());
        loaded.warnings().forEach(LOG::warn);
        if (isRoot()) {
            err.println("jpatroni: PostgreSQL refuses to run as root: start jpatroni as the user that owns "
                    + loaded.config().postgres().dataDir());
            return 1;
        }
        List<String> missing = HostChecks.programs(loaded.config().postgres()).errors();
        if (!missing.isEmpty()) {
            missing.forEach(line -> LOG.error(LogSetup.CRITICAL, "{}", line));
            return 1;
        }
        try {
            return new Daemon(loaded.config(), run.configuration(), environment).run();
        } catch (StartException cannotStart) {
            LOG.error(LogSetup.CRITICAL, "{}", cannotStart.getMessage());
            return 1;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return 1;
        } catch (RuntimeException bug) {
            LOG.error(LogSetup.CRITICAL, "the daemon ended unexpectedly", bug);
            return 1;
        }
    }

    private static boolean isRoot() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .anyMatch(line -> line.matches("Uid:\\s+\\d+\\s+0\\s.*"));
        } catch (IOException noProc) {
            return "root".equals(System.getProperty("user.name"));
        }
    }
}
