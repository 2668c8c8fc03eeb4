package org.jpatroni.dcs;

/**
 * What goes wrong between one client and the {@link MemoryStore}. Every hook runs on the caller's thread and outside the store's lock, so
 * it may wait on simulated time.
 */
public interface Faults {

    /** No faults. */
    Faults NONE = new Faults() {
    };

    /** What becomes of a request. */
    enum Fate {
        DELIVERED,
        /** It never arrives; the client knows nothing. */
        LOST,
        /** The client gives up, and the store applies it when {@link MemoryStore#deliverLate()} is called. Reads are lost. */
        LATE,
        /** The store answers that it will not: no space, no permission. Reads and refreshing the session still work. */
        REFUSED
    }

    /** Decides before a request reaches the store; {@code verb} is list, get, transact, refreshSession or deletePrefix. */
    default Fate beforeApply(String verb) {
        return Fate.DELIVERED;
    }

    /** Whether the answer gets back to the client after the request was applied. */
    default boolean replyArrives(String verb) {
        return true;
    }

    /** Whether the client's watch hears of a change now; what it does not hear is reported as missed by {@link MemoryStore#reconnect()}. */
    default boolean watchWorks() {
        return true;
    }
}
