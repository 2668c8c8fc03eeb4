/** Control of the local PostgreSQL: processes, configuration files, SQL and PostgreSQL's own programs. */
@NullMarked
package org.jpatroni.postgres;

import org.jspecify.annotations.NullMarked;
