package org.jpatroni;

import static org.assertj.core.api.Assertions.assertThat;

import org.jpatroni.app.Version;
import org.junit.jupiter.api.Test;

/** What the build itself promises: tests run on the Java release that the code is compiled for. */
class BuildTest {

    @Test
    void testsRunOnJava25OrLater() {
        assertThat(Runtime.version().feature()).isGreaterThanOrEqualTo(25);
    }

    @Test
    void aVersionIsKnown() {
        assertThat(Version.ofThisBuild()).isNotBlank();
    }
}
