/** Tests of the control of the local PostgreSQL; those named {@code *IT} start real servers. */
@NullMarked
package org.jpatroni.postgres;

import org.jspecify.annotations.NullMarked;
