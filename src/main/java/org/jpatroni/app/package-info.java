/** The daemon's entry point and the wiring of all parts by hand. */
@NullMarked
package org.jpatroni.app;

import org.jspecify.annotations.NullMarked;
