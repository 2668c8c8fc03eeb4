package org.jpatroni.runtime;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/**
 * What the JVM tells of this process.
 *
 * @param uptimeSeconds since the process was started
 * @param heapUsedBytes garbage included
 * @param threads platform threads
 * @param gcSeconds spent in collections so far
 */
public record JvmFigures(double uptimeSeconds, long heapUsedBytes, long heapMaxBytes, int threads, double gcSeconds,
        long gcCollections) {

    /** Reads them. The first call loads classes for a tenth of a second, so a daemon makes it before somebody waits for the answer. */
    public static JvmFigures now() {
        Runtime runtime = Runtime.getRuntime();
        long gcMillis = 0;
        long gcCollections = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            gcMillis += Math.max(0, collector.getCollectionTime());
            gcCollections += Math.max(0, collector.getCollectionCount());
        }
        return new JvmFigures(ManagementFactory.getRuntimeMXBean().getUptime() / 1e3,
                runtime.totalMemory() - runtime.freeMemory(), runtime.maxMemory(),
                ManagementFactory.getThreadMXBean().getThreadCount(), gcMillis / 1e3, gcCollections);
    }
}
