/**
 * Whole clusters in one JVM on virtual time. The real agent runs over simulated clocks, network, store and PostgreSQL; a seed decides
 * everything that is left to chance, so that a failure can be replayed.
 */
@NullMarked
package org.jpatroni.sim;

import org.jspecify.annotations.NullMarked;
