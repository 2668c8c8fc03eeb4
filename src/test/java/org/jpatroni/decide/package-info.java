/** In/out tables of the rules. */
@NullMarked
package org.jpatroni.decide;

import org.jspecify.annotations.NullMarked;
