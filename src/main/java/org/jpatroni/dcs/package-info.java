/** The cluster store: the domain port, the key layout and JSON of Patroni, and the key-value implementation under the back-ends. */
@NullMarked
package org.jpatroni.dcs;

import org.jspecify.annotations.NullMarked;
