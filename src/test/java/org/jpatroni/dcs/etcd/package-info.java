/** Tests against a real etcd server, and against servers that misbehave. */
@NullMarked
package org.jpatroni.dcs.etcd;

import org.jspecify.annotations.NullMarked;
