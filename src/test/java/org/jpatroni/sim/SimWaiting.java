package org.jpatroni.sim;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jpatroni.runtime.CancelToken;

/** How the code under test waits for a simulated server: on its own clock, looking again after each change of the server. */
final class SimWaiting {

    private final SimKernel kernel;
    private final SimTime time;
    private final SimPostgres server;

    SimWaiting(SimKernel kernel, SimTime time, SimPostgres server) {
        this.kernel = kernel;
        this.time = time;
        this.server = server;
    }

    void pause(long lowMillis, long highMillis) {
        sleep(Duration.ofMillis(kernel.random().between(lowMillis, highMillis)));
    }

    void sleep(Duration duration) {
        try {
            time.sleep(duration);
        } catch (InterruptedException told) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until the time is over, or cancelled. */
    void await(long millis, CancelToken cancel) {
        await(() -> false, Duration.ofMillis(millis), cancel);
    }

    /** Looks again after each change of the server, until done, cancelled, interrupted or the limit is over. */
    void await(BooleanSupplier done, Duration limit, CancelToken cancel) {
        SimThread thread = SimThread.required();
        Runnable wake = () -> kernel.wake(thread);
        cancel.onCancel(wake);
        server.addWaiter(wake);
        long until = time.trueInstant(limit);
        try {
            while (!done.getAsBoolean() && !cancel.isCancelled() && kernel.nowNanos() < until) {
                thread.waitUntil(until);
            }
        } catch (InterruptedException told) {
            Thread.currentThread().interrupt();
        } finally {
            server.removeWaiter(wake);
        }
    }
}
