/** Ports for time, tasks and wake-ups, and their real implementations. Everything that blocks goes through here, so that simulation can own it. */
@NullMarked
package org.jpatroni.runtime;

import org.jspecify.annotations.NullMarked;
