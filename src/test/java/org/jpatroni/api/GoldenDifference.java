package org.jpatroni.api;

/** What may differ from the recordings, each with the decision behind it. Everything else that differs is a fault. */
enum GoldenDifference {
    OPEN_BEFORE_THE_STORE("Patroni opens its port only when it has reached the store; ours answers from the start"),
    STATUS_OF_GET("HEAD and OPTIONS have the status of GET on every path; Patroni's fall to the role check"),
    NO_HTML("an error is one plain line instead of an HTML page"),
    METRICS_CONTENT_TYPE("the type names the version of the text format, as Prometheus 3 wants"),
    FURTHER_METRICS("our series follow Patroni's"),
    ONE_CLEAR_ANSWER("a request on which Patroni closes silently or waits for ever is refused with a code"),
    CONFIG_CHECKED("a configuration that cannot be meant is refused with 422"),
    OWN_FIELD("our version stands in a field of its own at the end of the status document");

    private final String why;

    GoldenDifference(String why) {
        this.why = why;
    }

    String why() {
        return why;
    }
}
