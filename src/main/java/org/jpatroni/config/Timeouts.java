package org.jpatroni.config;

/** The three times, in seconds, that must fit together: {@code loop_wait + 2 * retry_timeout <= ttl}. */
record Timeouts(int loopWait, int retryTimeout, int ttl) {

    private static final int SHORTEST_LOOP = 1;

    /**
     * Makes them fit as Patroni does, so that all nodes of a mixed cluster agree: {@code loop_wait} gives way first, {@code
     * retry_timeout} only when that is not enough, {@code ttl} never.
     */
    static Timeouts adjusted(int loopWait, int retryTimeout, int ttl, Problems problems) {
        long needed = 2L * retryTimeout;
        if (loopWait + needed <= ttl) {
            return new Timeouts(loopWait, retryTimeout, ttl);
        }
        if (SHORTEST_LOOP + needed > ttl) {
            int shorter = (ttl - SHORTEST_LOOP) / 2;
            problems.warning("loop_wait", "loop_wait + 2 * retry_timeout is more than ttl (" + loopWait + ", "
                    + retryTimeout + ", " + ttl + "), using loop_wait " + SHORTEST_LOOP + " and retry_timeout "
                    + shorter);
            return new Timeouts(SHORTEST_LOOP, shorter, ttl);
        }
        int shorter = ttl - 2 * retryTimeout;
        problems.warning("loop_wait", "loop_wait + 2 * retry_timeout is more than ttl (" + loopWait + ", "
                + retryTimeout + ", " + ttl + "), using loop_wait " + shorter);
        return new Timeouts(shorter, retryTimeout, ttl);
    }
}
