@NullMarked
package org.jpatroni.config;

import org.jspecify.annotations.NullMarked;
