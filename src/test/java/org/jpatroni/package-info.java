/** Tests of the build and of the house rules. */
@NullMarked
package org.jpatroni;

import org.jspecify.annotations.NullMarked;
