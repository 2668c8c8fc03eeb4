/** The narrow contract between the REST API and the agent: what the outside may know of this node. */
@NullMarked
package org.jpatroni.node;

import org.jspecify.annotations.NullMarked;
