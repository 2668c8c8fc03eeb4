/** ZooKeeper as the cluster store: client of an ensemble, and an ensemble inside the agents. */
@NullMarked
package org.jpatroni.dcs.zookeeper;

import org.jspecify.annotations.NullMarked;
