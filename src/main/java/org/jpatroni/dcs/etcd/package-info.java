/** etcd version 3 through its JSON gateway. */
@NullMarked
package org.jpatroni.dcs.etcd;

import org.jspecify.annotations.NullMarked;
