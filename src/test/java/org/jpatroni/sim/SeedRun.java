package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What a run of one seed came to.
 *
 * @param failure the first invariant that was broken; null for a clean run
 * @param hash what two runs of the seed must have in common
 * @param lastLines the end of the transcript
 */
record SeedRun(SimSetup setup, @Nullable String failure, long hash, long events, long simulatedSeconds,
        long acknowledged, List<String> lastLines) {

    static SeedRun of(SimSetup setup, Coverage coverage, @Nullable Consumer<String> listener) {
        SimKernel kernel = new SimKernel(setup.seed());
        if (listener != null) {
            kernel.onTrace(listener);
        }
        SimCluster cluster = new SimCluster(setup, kernel, coverage);
        cluster.run();
        SimFailure failure = kernel.failure();
        return new SeedRun(setup, failure == null ? null : failure.getMessage(), kernel.hash(), kernel.events(),
                kernel.nowNanos() / 1_000_000_000L, cluster.ledger().acknowledged(),
                failure == null ? List.of() : kernel.lastLines());
    }

    static SeedRun of(long seed, Coverage coverage) {
        return of(SimSetup.of(seed), coverage, null);
    }

    /** Runs seeds side by side on as many processors as there are, in order of seeds; stops collecting after some failures. */
    static List<SeedRun> all(LongStream seeds, Function<Long, SimSetup> setups, Coverage coverage) {
        int lanes = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
        try (ExecutorService executor = Executors.newFixedThreadPool(lanes)) {
            List<Callable<SeedRun>> work = new ArrayList<>();
            seeds.forEach(seed -> work.add(() -> of(setups.apply(seed), coverage, null)));
            List<SeedRun> runs = new ArrayList<>();
            for (Future<SeedRun> future : executor.invokeAll(work)) {
                runs.add(future.get());
            }
            return runs;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(ended);
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug.getCause());
        }
    }

    /** For people: what broke, what led to it, and how to see it again. */
    String report(int lines) {
        StringBuilder text = new StringBuilder().append(setup).append('\n').append("FAILED: ").append(failure);
        if (lines > 0) {
            text.append("\nthe last of the transcript:");
            lastLines.stream().skip(Math.max(0, lastLines.size() - lines))
                    .forEach(line -> text.append('\n').append(line));
        }
        return text.append("\nreplay with: ./simulate ").append(setup.seed()).toString();
    }
}
