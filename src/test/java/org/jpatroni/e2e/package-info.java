/** Whole daemons as processes of their own, with real PostgreSQL servers and real stores: what no fake can show. */
@NullMarked
package org.jpatroni.e2e;

import org.jspecify.annotations.NullMarked;
