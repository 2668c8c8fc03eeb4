package org.jpatroni.postgres;

import java.util.Map;
import java.util.Optional;
import org.jpatroni.runtime.CancelToken;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The scripts {@code pre_promote} and {@code before_stop}, which are waited for. */
final class UserScript {

    private static final Logger LOG = LoggerFactory.getLogger(UserScript.class);

    private UserScript() {
    }

    /** Runs it; what it failed with, empty when all went well. */
    static Optional<String> run(Programs programs, String name, String command, CancelToken cancel) {
        try {
            Programs.Result result = programs.run(ShellWords.split(command), Map.of(), cancel);
            LOG.info("{} script `{}` exited with {}", name, command, result.exitCode());
            return result.isSuccess()
                    ? Optional.empty()
                    : Optional.of("postgresql." + name + " failed: " + result.complaint());
        } catch (IllegalArgumentException malformed) {
            LOG.error("postgresql.{} cannot be run: {}", name, malformed.getMessage());
            return Optional.of("postgresql." + name + " cannot be run: " + malformed.getMessage());
        }
    }
}
