/** Tests of the shell scripts that start the daemon. */
@NullMarked
package org.jpatroni.launcher;

import org.jspecify.annotations.NullMarked;
