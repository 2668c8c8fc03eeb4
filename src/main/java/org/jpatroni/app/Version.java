package org.jpatroni.app;

import org.jspecify.annotations.Nullable;

/** The version of this build, as the jar's manifest says it. */
public final class Version {

    private Version() {
    }

    /** The project's version, or {@code development} when the classes do not come from a packaged jar. */
    public static String ofThisBuild() {
        @Nullable String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
