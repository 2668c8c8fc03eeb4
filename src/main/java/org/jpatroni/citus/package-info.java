/** Sharded clusters (Citus): what the coordinator's table of nodes shall say, and how it gets there. */
@NullMarked
package org.jpatroni.citus;

import org.jspecify.annotations.NullMarked;
