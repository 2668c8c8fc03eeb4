package org.jpatroni.tls;

import java.nio.file.Path;

/** Keys and certificates that OpenSSL made for tests; see {@code make.sh} beside them. */
public final class TestFiles {

    private TestFiles() {
    }

    public static Path file(String name) {
        return Path.of("src/test/resources/tls", name);
    }
}
