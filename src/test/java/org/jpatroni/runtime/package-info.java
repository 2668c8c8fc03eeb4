@NullMarked
package org.jpatroni.runtime;

import org.jspecify.annotations.NullMarked;
