package org.jpatroni.api;

/**
 * The answer to a health check.
 *
 * @param code 200 or 503
 * @param reason why
 * @param detail numbers or names for the operator, ASCII without line breaks; empty when the reason says it all
 */
record HealthVerdict(int code, HealthReason reason, String detail) {

    static final HealthVerdict OK = new HealthVerdict(200, HealthReason.OK, "");

    static HealthVerdict no(HealthReason reason) {
        return new HealthVerdict(503, reason, "");
    }

    static HealthVerdict no(HealthReason reason, String detail) {
        return new HealthVerdict(503, reason, detail);
    }

    boolean isOk() {
        return code == 200;
    }

    /** The value of {@code X-Patroni-Reason}. */
    String headerText() {
        return detail.isEmpty() ? reason.wireText() : reason.wireText() + "; " + detail;
    }
}
