package org.jpatroni.sim;

/** Deliberately wrong variants of the agent, made by lying ports. The simulation must catch each of them. */
enum Mutant {
    NONE,
    /** The lease deadline counts from the reply and not from the moment of sending. */
    DEADLINE_FROM_REPLY,
    /** An acquisition whose outcome is unknown counts as won. */
    PROMOTE_ON_UNKNOWN,
    /** A renewal that the store refused counts as won. */
    RENEWAL_LOST_IGNORED,
    /** Answers of peers are remembered and never asked for again. */
    STALE_PEER_ANSWERS,
    /** The local history is taken for a part of the leader's without looking. */
    SKIP_DIVERGENCE_CHECK,
    /** A demotion reports that it stopped PostgreSQL and does not; the guard is off too. */
    DEMOTION_SKIPPED,
    /** A paused cluster counts as one that is not while nobody holds the lease: somebody is promoted. */
    PROMOTES_WHILE_PAUSED,
    /** While the store does not answer, the pause is forgotten and what was seen last is believed: a primary is stopped. */
    DEMOTES_WHILE_PAUSED,
    /** The pause is never seen: what was stopped by hand is started. */
    STARTS_WHILE_PAUSED,
    /** The guard beside the agent is off. */
    GUARD_OFF
}
