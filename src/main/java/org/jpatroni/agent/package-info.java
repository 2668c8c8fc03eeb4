/** The imperative shell: observe, decide, execute, publish. */
@NullMarked
package org.jpatroni.agent;

import org.jspecify.annotations.NullMarked;
