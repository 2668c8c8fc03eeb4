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
    /** When a synchronous standby goes, commits stop waiting for it before the key sync is written. */
    NAMES_BEFORE_SYNC_ON_REMOVAL,
    /** A new synchronous standby is written into the key sync before any commit waits for it. */
    SYNC_BEFORE_NAMES_ON_ADDITION,
    /** Who is not in the key sync takes part in the race. */
    RACE_WITHOUT_MEMBERSHIP,
    /** A race in quorum mode needs no votes. */
    RACE_WITHOUT_VOTES,
    /** A primary without store counts members that do not answer as having agreed. */
    FAILSAFE_WITHOUT_ALL,
    /** A primary without store goes on when a member refuses. */
    FAILSAFE_REFUSAL_IGNORED,
    /** Who has agreed to stand back for a primary does not. */
    FAILSAFE_PROMISE_BROKEN,
    /** Who stands back for a primary does so from the first question on, and not from the last. */
    FAILSAFE_NOT_EXTENDED,
    /** One member does not see the section standby_cluster. */
    STANDBY_CLUSTER_FORGOTTEN,
    /** The guard beside the agent is off. */
    GUARD_OFF
}
