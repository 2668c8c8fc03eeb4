package org.jpatroni.api;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What the API counts about itself; shown at the end of {@code /metrics}. Safe for use by all event loops. */
final class ApiCounters {

    /** Why a connection ended early or was not served. */
    enum Mishap {
        /** More connections than in total allowed; a slower one had to go, or this one. */
        OVER_TOTAL("rejected_total{reason=\"total\"}"),
        OVER_ADDRESS("rejected_total{reason=\"address\"}"),
        HEAD_TIMEOUT("timeout_total{phase=\"head\"}"),
        BODY_TIMEOUT("timeout_total{phase=\"body\"}"),
        IDLE_TIMEOUT("timeout_total{phase=\"idle\"}"),
        WRITE_TIMEOUT("timeout_total{phase=\"write\"}"),
        HANDSHAKE_FAILED("handshake_failed_total"),
        /** The client closed hard, which load balancers do after every check. */
        RESET("reset_total"),
        BAD_REQUEST("bad_request_total"),
        /** A fault of ours; the log has more. */
        INTERNAL("internal_error_total");

        private final String series;

        Mishap(String series) {
            this.series = series;
        }
    }

    private static final String PREFIX = "jpatroni_api_";

    private final LongAdder[] answersByHundred = new LongAdder[6];
    private final Map<HealthReason, LongAdder> verdicts = new EnumMap<>(HealthReason.class);
    private final Map<Mishap, LongAdder> mishaps = new EnumMap<>(Mishap.class);
    private final LongAdder durationNanos = new LongAdder();
    private final LongAdder flights = new LongAdder();
    private final AtomicInteger connections = new AtomicInteger();

    ApiCounters() {
        Arrays.setAll(answersByHundred, hundred -> new LongAdder());
        for (HealthReason reason : HealthReason.values()) {
            verdicts.put(reason, new LongAdder());
        }
        for (Mishap mishap : Mishap.values()) {
            mishaps.put(mishap, new LongAdder());
        }
    }

    void answered(int code, long nanos) {
        answersByHundred[Math.clamp(code / 100, 0, 5)].increment();
        durationNanos.add(nanos);
    }

    void verdict(HealthReason reason) {
        increment(verdicts.get(reason));
    }

    void mishap(Mishap mishap) {
        increment(mishaps.get(mishap));
    }

    /** The maps hold every constant, so nothing is ever missing; the check is the compiler's. */
    private static void increment(@Nullable LongAdder adder) {
        if (adder != null) {
            adder.increment();
        }
    }

    /** A question to the node was started for one or more waiting requests. */
    void flight() {
        flights.increment();
    }

    AtomicInteger connections() {
        return connections;
    }

    /** All figures by name. */
    SortedMap<String, Double> figures() {
        SortedMap<String, Double> figures = new TreeMap<>();
        long answers = 0;
        for (int i = 1; i < answersByHundred.length; i++) {
            long count = answersByHundred[i].sum();
            answers += count;
            figures.put(PREFIX + "responses_total{code=\"" + i + "xx\"}", (double) count);
        }
        figures.put(PREFIX + "request_seconds_count", (double) answers);
        figures.put(PREFIX + "request_seconds_sum", durationNanos.sum() / 1e9);
        figures.put(PREFIX + "status_flights_total", (double) flights.sum());
        figures.put(PREFIX + "connections", (double) connections.get());
        mishaps.forEach((mishap, count) -> figures.put(PREFIX + "connections_" + mishap.series, (double) count.sum()));
        verdicts.forEach((reason, count) -> {
            if (count.sum() > 0) {
                figures.put(PREFIX + "health_answers_total{reason=\"" + reason.wireText() + "\"}",
                        (double) count.sum());
            }
        });
        return figures;
    }

    /** The agent's figures and the API's in one table. */
    SortedMap<String, Double> figuresWith(Map<String, Double> others) {
        SortedMap<String, Double> all = figures();
        all.putAll(others);
        return all;
    }
}
