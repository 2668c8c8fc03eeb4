package org.jpatroni.api;

import java.util.List;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.runtime.JvmFigures;

/** The process as the JVM tells of it. */
final class ProcessMetrics {

    private ProcessMetrics() {
    }

    static List<MetricFamily> families(String productVersion) {
        JvmFigures jvm = JvmFigures.now();
        return List.of(
                MetricFamily.gauges("jpatroni_build_info",
                        "Version of this product, and of the Patroni it is compatible with.")
                        .add(1, "version", productVersion, "patroni", StatusJson.CONTRACT_VERSION, "java",
                                Runtime.version().toString())
                        .build(),
                MetricFamily.gauge("jpatroni_uptime_seconds", "Time since the daemon was started.",
                        jvm.uptimeSeconds()),
                MetricFamily.gauge("jpatroni_jvm_heap_used_bytes", "Heap in use, garbage included.",
                        jvm.heapUsedBytes()),
                MetricFamily.gauge("jpatroni_jvm_heap_max_bytes", "Heap that may be used at most.",
                        jvm.heapMaxBytes()),
                MetricFamily.gauge("jpatroni_jvm_threads", "Platform threads that live now.", jvm.threads()),
                MetricFamily.counter("jpatroni_jvm_gc_seconds_total", "Time spent in garbage collections.",
                        jvm.gcSeconds()),
                MetricFamily.counter("jpatroni_jvm_gc_collections_total", "Garbage collections.",
                        jvm.gcCollections()));
    }
}
