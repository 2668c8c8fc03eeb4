/** Questions to other members over their REST API. */
@NullMarked
package org.jpatroni.peer;

import org.jspecify.annotations.NullMarked;
