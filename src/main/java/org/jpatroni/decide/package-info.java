/** The pure core: facts, memory and the present moment go in, one decision comes out. */
@NullMarked
package org.jpatroni.decide;

import org.jspecify.annotations.NullMarked;
