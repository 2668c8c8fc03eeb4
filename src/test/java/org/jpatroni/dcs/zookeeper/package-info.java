/** ZooKeeper as the cluster store, tested against real servers in this process. */
@NullMarked
package org.jpatroni.dcs.zookeeper;

import org.jspecify.annotations.NullMarked;
