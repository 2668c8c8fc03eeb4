@NullMarked
package org.jpatroni.tls;

import org.jspecify.annotations.NullMarked;
