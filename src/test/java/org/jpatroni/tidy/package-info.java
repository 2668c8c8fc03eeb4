/** The house rules, as tests: direction of packages, banned calls, sizes. They read sources through the compiler's own parser. */
@NullMarked
package org.jpatroni.tidy;

import org.jspecify.annotations.NullMarked;
