package org.jpatroni.sim;

/** A run that must not go on: an invariant was broken, or the code under test blocked outside the scheduler. */
final class SimFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    SimFailure(String message) {
        super(message);
    }
}
