/** From YAML, environment and the stored dynamic configuration to validated records. */
@NullMarked
package org.jpatroni.config;

import org.jspecify.annotations.NullMarked;
