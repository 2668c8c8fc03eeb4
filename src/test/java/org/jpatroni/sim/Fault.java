package org.jpatroni.sim;

/** What can go wrong in a run. A seed draws a share of these, so that some runs know only one kind of trouble. */
enum Fault {
    /** SIGKILL of the agent; the supervisor starts it again after a while. */
    AGENT_KILL,
    /** The agent is told to end in order, and started again. */
    AGENT_RESTART,
    /** SIGSTOP of the agent, SIGCONT later. */
    AGENT_FREEZE,
    /** SIGKILL of the postmaster and all its children. */
    POSTMASTER_KILL,
    /** PostgreSQL does not answer SQL for a while. */
    POSTGRES_STALL,
    /** Power loss: agent, guard and PostgreSQL are gone; the machine comes back later. */
    MACHINE_CRASH,
    /** A machine and the store do not reach each other, in one or both directions. */
    STORE_CUT,
    /** Two machines do not reach each other, in one or both directions. */
    PEER_CUT,
    /** A machine reaches nobody, or nobody reaches it. */
    ISOLATION,
    /** Messages are lost and late. */
    BAD_WEATHER,
    /** The store's answers to one machine take seconds. */
    SLOW_REPLIES,
    /** Nobody reaches the store. */
    STORE_OUTAGE,
    /** The store answers reads and refuses changes. */
    STORE_READ_ONLY,
    /** The operator changes ttl, loop_wait and retry_timeout. */
    CONFIG_CHANGE,
    /** The operator changes synchronous_mode and what belongs to it, or failsafe_mode. */
    MODE_CHANGE,
    /** The operator asks for another leader. */
    SWITCHOVER,
    /** The wall clock of a machine jumps. */
    CLOCK_STEP,
    /** Starts, stops and promotions take long. */
    SLOW_DISK,
    /** The operator pauses the cluster, stops, starts and promotes servers by hand, and resumes. */
    MAINTENANCE,
    /** The operator deletes keys of the store. */
    KEYS_DELETED,
    /** Somebody deletes everything in the store. */
    STORE_WIPED,
    /** A disk is lost and replaced by an empty one. */
    DATA_LOST,
    /** Somebody puts the data directory of another cluster in place, and removes it later. */
    FOREIGN_DATA,
    /** Starts and promotions fail for a while. */
    FAILURES,
    /** A standby cluster is made a cluster of its own, or one again. */
    CLUSTER_TURNED,
    /** The primary that a standby cluster follows crashes, and is back soon. */
    REMOTE_CRASH
}
