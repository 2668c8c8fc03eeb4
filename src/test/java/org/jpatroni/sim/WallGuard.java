package org.jpatroni.sim;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Watches real time: a scheduler that makes no progress for long is stuck in an endless loop or a pinned wait, and says where. */
final class WallGuard {

    private static final long LIMIT_SECONDS = 30;
    private static final Map<SimKernel, Watch> WATCHED = new ConcurrentHashMap<>();

    private static final class Watch {
        private final Thread thread;
        private long eventsSeen = -1;
        private int secondsWithoutProgress;

        Watch(Thread thread) {
            this.thread = thread;
        }
    }

    static {
        Thread.ofPlatform().daemon().name("sim-wall-guard").start(WallGuard::watch);
    }

    private WallGuard() {
    }

    static void enter(SimKernel kernel) {
        WATCHED.put(kernel, new Watch(Thread.currentThread()));
    }

    static void leave(SimKernel kernel) {
        WATCHED.remove(kernel);
    }

    private static void watch() {
        while (true) {
            try {
                TimeUnit.SECONDS.sleep(1);
            } catch (InterruptedException ended) {
                return;
            }
            WATCHED.forEach(WallGuard::look);
        }
    }

    private static void look(SimKernel kernel, Watch watch) {
        long events = kernel.events();
        if (events != watch.eventsSeen) {
            watch.eventsSeen = events;
            watch.secondsWithoutProgress = 0;
        } else if (++watch.secondsWithoutProgress == LIMIT_SECONDS) {
            System.err.println("simulation stuck for " + LIMIT_SECONDS + " s of real time; threads:");
            Thread.getAllStackTraces().forEach((thread, stack) -> {
                System.err.println("  " + thread);
                for (StackTraceElement frame : stack) {
                    System.err.println("    at " + frame);
                }
            });
            watch.thread.interrupt();
        }
    }
}
