package org.jpatroni.model;

/**
 * The key {@code leader}.
 *
 * @param holder name of the member that holds the lease
 * @param version the store's version of the key, for compare-and-set
 * @param sessionId the store's session or lease that the key hangs on, as text; empty when it hangs on none
 * @param ownSession whether that is the session of this very process
 */
public record LeaderKey(String holder, long version, String sessionId, boolean ownSession) {
}
