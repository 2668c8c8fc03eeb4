package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RouteMetersTest {

    private final Router router = new ReadRoutes(new FixedTime(), new ApiCounters(), List::of).router();
    private final RouteMeters meters = new RouteMeters(router.withUnknownPath());

    private double requests(String method, String path, String code) {
        return ApiServer.figure(meters.families(), "jpatroni_api_requests_total{method=\"" + method + "\",path=\""
                + path + "\",code=\"" + code + "\"}");
    }

    private Route route(String method, String path) {
        return router.find(Request.of(method, path, true, true, false, 0));
    }

    @Test
    void countsByRouteSoThatClientsCannotInventSeries() {
        meters.answered(route("HEAD", "/primary"), 200, 100);
        meters.answered(route("OPTIONS", "/primary"), 200, 100);
        meters.answered(route("GET", "//primary/"), 503, 100);
        meters.answered(route("GET", "/nothing"), 503, 100);
        meters.answered(route("GET", "/nothing/else"), 503, 100);
        meters.answered(route("BREW", "/coffee"), 501, 100);
        meters.answered(null, 400, 100);
        meters.answered(route("GET", "/patroni"), 418, 100);
        meters.answered(route("GET", "/patroni"), -1, 100);
        meters.answered(route("GET", "/patroni"), 4_000, 100);
        assertThat(requests("GET", "/primary", "200")).isEqualTo(2);
        assertThat(requests("GET", "/primary", "503")).isEqualTo(1);
        assertThat(requests("GET", "*", "503")).isEqualTo(2);
        assertThat(requests("*", "*", "501")).isEqualTo(1);
        assertThat(requests("*", "*", "400")).isEqualTo(1);
        assertThat(requests("GET", "/patroni", "other")).isEqualTo(3);
        assertThat(meters.families().getFirst().samples()).hasSize(6);
    }

    @Test
    void latenciesAreToldApartByWhatRequestsWaitFor() {
        meters.answered(route("GET", "/replica"), 200, 2_000_000);
        meters.answered(route("GET", "/liveness"), 200, 2_000_000);
        meters.answered(route("GET", "/x"), 503, 2_000_000);
        meters.answered(route("GET", "/patroni"), 200, 2_000_000);
        meters.answered(route("GET", "/cluster"), 200, 2_000_000);
        meters.answered(route("GET", "/metrics"), 200, 2_000_000_000);
        meters.answered(null, 400, 2_000_000);
        String name = "jpatroni_api_request_duration_seconds";
        for (String expected : List.of("health 3", "status 1", "cluster 1", "metrics 1", "other 1")) {
            String[] parts = expected.split(" ");
            assertThat(ApiServer.figure(meters.families(), name + "_count{class=\"" + parts[0] + "\"}"))
                    .as(expected).isEqualTo(Double.parseDouble(parts[1]));
        }
        assertThat(ApiServer.figure(meters.families(), name + "_bucket{class=\"metrics\",le=\"1\"}")).isZero();
        assertThat(ApiServer.figure(meters.families(), name + "_bucket{class=\"metrics\",le=\"10\"}")).isEqualTo(1);
        assertThat(ApiServer.figure(meters.families(), name + "_sum{class=\"health\"}")).isEqualTo(0.006);
    }

    @Test
    void manyThreadsLoseNothing() throws InterruptedException {
        Route primary = route("GET", "/primary");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int n = 0; n < 20_000; n++) {
                    meters.answered(primary, n % 2 == 0 ? 200 : 503, 50_000);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(requests("GET", "/primary", "200")).isEqualTo(80_000);
        assertThat(requests("GET", "/primary", "503")).isEqualTo(80_000);
        assertThat(ApiServer.figure(meters.families(),
                "jpatroni_api_request_duration_seconds_count{class=\"health\"}")).isEqualTo(160_000);
    }

    @Test
    void countingAllocatesNothing() {
        ApiCounters counters = new ApiCounters();
        counters.countBy(router);
        Route primary = route("GET", "/primary");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100_000; i++) {
                counters.answered(primary, 200, i);
                counters.verdict(HealthReason.OK);
                counters.mishap(ApiCounters.Mishap.RESET);
            }
            allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(allocated).as("bytes for 100,000 requests").isLessThan(10_000);
    }
}
