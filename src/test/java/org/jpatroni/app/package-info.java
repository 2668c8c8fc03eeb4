@NullMarked
package org.jpatroni.app;

import org.jspecify.annotations.NullMarked;
