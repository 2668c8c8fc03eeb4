/** Immutable vocabulary: what a cluster, a member and a local PostgreSQL are. Depends on the JDK only. */
@NullMarked
package org.jpatroni.model;

import org.jspecify.annotations.NullMarked;
