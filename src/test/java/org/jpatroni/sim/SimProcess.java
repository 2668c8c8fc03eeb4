package org.jpatroni.sim;

import java.util.ArrayList;
import java.util.List;

/** An operating system process as the scheduler sees it: its threads run unless it is stopped (SIGSTOP) or gone (SIGKILL). */
final class SimProcess {

    private final SimKernel kernel;
    private final String name;
    private final List<Runnable> deferred = new ArrayList<>();
    private boolean frozen;
    private boolean dead;

    SimProcess(SimKernel kernel, String name) {
        this.kernel = kernel;
        this.name = name;
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return !dead;
    }

    boolean isFrozen() {
        return frozen;
    }

    /** Alive and not stopped: it can answer now. */
    boolean isResponsive() {
        return !dead && !frozen;
    }

    /** Nothing of it ever runs again. */
    void kill() {
        dead = true;
        deferred.clear();
    }

    void freeze() {
        frozen = true;
    }

    void thaw() {
        frozen = false;
        List<Runnable> late = List.copyOf(deferred);
        deferred.clear();
        if (!dead) {
            late.forEach(action -> kernel.after(0, action));
        }
    }

    /** Whether something of this process may run now; keeps it for later when the process is stopped, drops it when it is gone. */
    boolean admits(Runnable later) {
        if (dead) {
            return false;
        }
        if (frozen) {
            deferred.add(later);
            return false;
        }
        return true;
    }
}
