package org.jpatroni.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.api.HttpFrontend;
import org.jpatroni.config.ConfigException;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.config.ConfigPrinter;
import org.jpatroni.config.HostChecks;
import org.jpatroni.config.Problems;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** The command line of {@code jpatroni}: what it asks for, and everything that ends before a daemon runs. */
public final class CommandLine {

    /** All went well. */
    public static final int SUCCESS = 0;
    /** The configuration has problems. */
    public static final int BAD_CONFIGURATION = 1;
    /** The command line is wrong. */
    public static final int BAD_USAGE = 2;

    private CommandLine() {
    }

    /** What to do next. */
    public sealed interface Outcome {
    }

    /**
     * Start the daemon.
     *
     * @param configuration a file or a directory of files; empty: everything comes from the environment
     */
    public record Run(Optional<Path> configuration) implements Outcome {
    }

    /** Everything is done and said. */
    public record Exit(int code) implements Outcome {
    }

    @Command(name = "jpatroni", sortOptions = false, usageHelpWidth = 100, description = "High-availability agent for PostgreSQL: "
            + "one daemon per node, compatible with Patroni.", footer = {"", "Without FILE the settings come from "
                    + "PATRONI_CONFIGURATION or from the other PATRONI_* variables.",
                    "Exit codes: 0 success, 1 problems in the configuration, 2 wrong command line."})
    private static final class Options {

        @Option(names = "--validate-config", description = "Check the configuration, tell all problems, and exit.") private boolean validateConfig;

        @Option(names = {"-i",
                "--ignore-listen-port"}, description = "With --validate-config: do not look whether the ports are free.") private boolean ignoreListenPort;

        @Option(names = {"-p",
                "--print"}, description = "With --validate-config: print the configuration that files and "
                        + "environment make together, without secrets.") private boolean print;

        @Option(names = "--generate-sample-config", description = "Write a configuration to begin with to FILE, which must "
                + "not exist, or to the standard output, and exit.") private boolean generateSampleConfig;

        @Option(names = "--version", versionHelp = true, description = "Print the version and exit.") private boolean version;

        @Option(names = {"-h",
                "--help"}, usageHelp = true, description = "Print this help and exit.") private boolean help;

        @Parameters(arity = "0..1", paramLabel = "FILE", description = "A YAML file, or a directory whose *.yml and *.yaml "
                + "files are merged in the order of their names.") private @Nullable Path file;
    }

    /**
     * Reads the command line, and does what needs no daemon.
     *
     * @param environment variables of the process
     */
    public static Outcome parse(String[] arguments, Map<String, String> environment, PrintWriter out, PrintWriter err) {
        if (arguments.length == 1 && !arguments[0].isEmpty() && !arguments[0].startsWith("-")) {
            // How a daemon is started; the parser's classes would cost it 100 ms.
            return new Run(Optional.of(Path.of(arguments[0])));
        }
        Options options = new Options();
        picocli.CommandLine parser = new picocli.CommandLine(options);
        try {
            parser.parseArgs(arguments);
        } catch (ParameterException wrong) {
            err.println("jpatroni: " + wrong.getMessage());
            err.println("Try jpatroni --help");
            err.flush();
            return new Exit(BAD_USAGE);
        }
        if (options.help) {
            out.print(parser.getUsageMessage());
            out.flush();
            return new Exit(SUCCESS);
        }
        if (options.version) {
            out.println("jpatroni " + Version.ofThisBuild());
            out.flush();
            return new Exit(SUCCESS);
        }
        if (!options.validateConfig && (options.ignoreListenPort || options.print)) {
            err.println("jpatroni: -i and -p can only be used with --validate-config");
            err.flush();
            return new Exit(BAD_USAGE);
        }
        Optional<Path> file = Optional.ofNullable(options.file);
        if (options.generateSampleConfig) {
            return new Exit(generateSample(file, options.validateConfig, out, err));
        }
        return options.validateConfig ? new Exit(validate(file, environment, options, out, err)) : new Run(file);
    }

    private static int generateSample(Optional<Path> file, boolean validates, PrintWriter out, PrintWriter err) {
        int code = BAD_USAGE;
        if (validates) {
            err.println("jpatroni: --generate-sample-config and --validate-config do not go together");
        } else {
            try {
                if (file.isPresent()) {
                    SampleConfig.write(file.get());
                } else {
                    out.print(SampleConfig.text());
                }
                code = SUCCESS;
            } catch (FileAlreadyExistsException exists) {
                err.println("jpatroni: " + file.orElseThrow() + " exists already");
            } catch (IOException refused) {
                err.println("jpatroni: cannot write: " + refused);
            }
        }
        out.flush();
        err.flush();
        return code;
    }

    private static int validate(Optional<Path> file, Map<String, String> environment, Options options, PrintWriter out,
            PrintWriter err) {
        List<String> errors = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        try {
            ConfigLoader.Loaded loaded = ConfigLoader.load(file, environment);
            warnings.addAll(loaded.warnings());
            Problems problems = HostChecks.check(loaded.config(), !options.ignoreListenPort);
            errors.addAll(problems.errors());
            warnings.addAll(problems.warnings());
            if (errors.isEmpty()) {
                HttpFrontend.problem(loaded.config().restApi()).ifPresent(errors::add);
            }
            if (options.print) {
                out.print(ConfigPrinter.yaml(loaded.config().tree()));
            }
        } catch (ConfigException bad) {
            errors.addAll(bad.problems());
            warnings.addAll(bad.warnings());
        }
        errors.forEach(line -> err.println("error: " + line));
        warnings.forEach(line -> err.println("warning: " + line));
        String name = file.map(Path::toString).orElse("the environment");
        if (errors.isEmpty()) {
            out.println("The configuration in " + name + " is valid" + counted(warnings.size(), ", with ", " warning"));
        } else {
            err.println("The configuration in " + name + " is not valid" + counted(errors.size(), ": ", " problem"));
        }
        out.flush();
        err.flush();
        return errors.isEmpty() ? SUCCESS : BAD_CONFIGURATION;
    }

    private static String counted(int count, String before, String noun) {
        return count == 0 ? "" : before + count + noun + (count == 1 ? "" : "s");
    }
}
