/** Keys and certificates in files, as contexts for the JDK's TLS. */
@NullMarked
package org.jpatroni.tls;

import org.jspecify.annotations.NullMarked;
