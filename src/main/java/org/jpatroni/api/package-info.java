/** The REST API: thin routes over {@code node}. Netty stays in {@code HttpFrontend}, {@code HttpConnection} and {@code TlsContexts}. */
@NullMarked
package org.jpatroni.api;

import org.jspecify.annotations.NullMarked;
