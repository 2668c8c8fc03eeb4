package org.jpatroni.api;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.jpatroni.node.MetricFamily;

/** The process as the JVM tells of it. */
final class ProcessMetrics {

    private ProcessMetrics() {
    }

    static List<MetricFamily> families(String productVersion) {
        Runtime runtime = Runtime.getRuntime();
        long gcMillis = 0;
        long gcRuns = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            gcMillis += Math.max(0, collector.getCollectionTime());
            gcRuns += Math.max(0, collector.getCollectionCount());
        }
        return List.of(
                MetricFamily
                        .gauges("jpatroni_build_info",
                                "Version of this product, and of the Patroni it is compatible with.")
                        .add(1, "version", productVersion, "patroni", StatusJson.CONTRACT_VERSION, "java",
                                Runtime.version().toString())
                        .build(),
                MetricFamily.gauge("jpatroni_uptime_seconds", "Time since the daemon was started.",
                        ManagementFactory.getRuntimeMXBean().getUptime() / 1e3),
                MetricFamily.gauge("jpatroni_jvm_heap_used_bytes", "Heap in use, garbage included.",
                        runtime.totalMemory() - runtime.freeMemory()),
                MetricFamily.gauge("jpatroni_jvm_heap_max_bytes", "Heap that may be used at most.",
                        runtime.maxMemory()),
                MetricFamily.gauge("jpatroni_jvm_threads", "Platform threads that live now.",
                        ManagementFactory.getThreadMXBean().getThreadCount()),
                MetricFamily.counter("jpatroni_jvm_gc_seconds_total", "Time spent in garbage collections.",
                        gcMillis / 1e3),
                MetricFamily.counter("jpatroni_jvm_gc_collections_total", "Garbage collections.", gcRuns));
    }
}
