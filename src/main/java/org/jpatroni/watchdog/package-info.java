/** Fencing: what stops a primary whose agent cannot. */
@NullMarked
package org.jpatroni.watchdog;

import org.jspecify.annotations.NullMarked;
