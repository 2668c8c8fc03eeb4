/** JSON as Python's {@code json} module reads and writes it: what clients of the API and readers of the store were built against. */
@NullMarked
package org.jpatroni.json;

import org.jspecify.annotations.NullMarked;
