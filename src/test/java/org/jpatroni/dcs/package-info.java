/** The memory store, the contract that every store keeps, and tests of the JSON. */
@NullMarked
package org.jpatroni.dcs;

import org.jspecify.annotations.NullMarked;
