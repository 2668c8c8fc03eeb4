@NullMarked
package org.jpatroni.citus;

import org.jspecify.annotations.NullMarked;
