/** JSON as Python reads and writes it. */
@NullMarked
package org.jpatroni.json;

import org.jspecify.annotations.NullMarked;
