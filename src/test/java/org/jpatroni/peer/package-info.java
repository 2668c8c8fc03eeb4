/** Answers of other members. */
@NullMarked
package org.jpatroni.peer;

import org.jspecify.annotations.NullMarked;
