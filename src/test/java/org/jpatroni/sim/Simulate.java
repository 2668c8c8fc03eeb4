package org.jpatroni.sim;

import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;

/** The command {@code ./simulate FROM [COUNT] [MUTANT]}: one seed with its whole transcript, or many with a summary. */
final class Simulate {

    private Simulate() {
    }

    public static void main(String[] arguments) {
        if (arguments[0].equals("hashes")) {
            hashes(Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
            return;
        }
        long from = Long.parseLong(arguments[0]);
        int count = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1;
        Mutant mutant = arguments.length > 2 ? Mutant.valueOf(arguments[2]) : Mutant.NONE;
        Coverage coverage = new Coverage();
        boolean failed;
        try (SimLogs logs = SimLogs.capture()) {
            Objects.requireNonNull(logs);
            failed = count == 1 ? one(from, mutant, coverage) : many(from, count, mutant, coverage);
        }
        System.exit(failed ? 1 : 0);
    }

    private static void hashes(long from, int count) {
        try (SimLogs logs = SimLogs.capture()) {
            Objects.requireNonNull(logs);
            for (long seed = from; seed < from + count; seed++) {
                System.out.println(Long.toHexString(SeedRun.of(seed, new Coverage()).hash()));
            }
        }
    }

    private static boolean one(long seed, Mutant mutant, Coverage coverage) {
        SimSetup setup = mutant == Mutant.NONE ? SimSetup.of(seed) : MutantsTest.setup(seed, mutant);
        System.out.println(setup);
        SeedRun run = SeedRun.of(setup, coverage, System.out::println);
        System.out.println(run.failure() == null ? "clean, transcript " + Long.toHexString(run.hash()) : run.report(0));
        return run.failure() != null;
    }

    private static boolean many(long from, int count, Mutant mutant, Coverage coverage) {
        // -Dsim.only=standbyCluster=true runs those seeds whose description contains that.
        long begun = System.nanoTime();
        String only = System.getProperty("sim.only", "");
        List<SeedRun> runs = SeedRun.all(
                LongStream.range(from, from + count).filter(seed -> SimSetup.of(seed).toString().contains(only)),
                seed -> mutant == Mutant.NONE ? SimSetup.of(seed) : MutantsTest.setup(seed, mutant), coverage);
        double seconds = (System.nanoTime() - begun) / 1e9;
        List<SeedRun> failures = runs.stream().filter(run -> run.failure() != null).toList();
        failures.stream().limit(40).forEach(run -> System.out.println(run.setup().seed() + ": "
                + Objects.requireNonNull(run.failure()).lines().findFirst().orElse("")));
        System.out.printf("%d seeds, %d failed, %.1f s, %d simulated hours, %d events, %d transactions%n", runs.size(),
                failures.size(), seconds, runs.stream().mapToLong(SeedRun::simulatedSeconds).sum() / 3600,
                runs.stream().mapToLong(SeedRun::events).sum(),
                runs.stream().mapToLong(SeedRun::acknowledged).sum());
        coverage.counts().forEach((rule, times) -> System.out.printf("%12d  %s%n", times, rule));
        return !failures.isEmpty();
    }
}
