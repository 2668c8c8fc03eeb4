/** What operators and tools ask of a node: the write side of the REST API, carried out on the store and through the HA loop. */
@NullMarked
package org.jpatroni.operation;

import org.jspecify.annotations.NullMarked;
