/** Operators' commands. */
@NullMarked
package org.jpatroni.operation;

import org.jspecify.annotations.NullMarked;
