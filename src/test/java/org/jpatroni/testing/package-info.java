/** Helpers for tests that start real servers. */
@NullMarked
package org.jpatroni.testing;

import org.jspecify.annotations.NullMarked;
