/** The guard against a real PostgreSQL. */
@NullMarked
package org.jpatroni.watchdog;

import org.jspecify.annotations.NullMarked;
