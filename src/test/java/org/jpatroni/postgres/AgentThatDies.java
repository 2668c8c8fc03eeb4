package org.jpatroni.postgres;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.ConfigLoader;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.postgres.PostgresControl.StartSpec;
import org.jpatroni.runtime.CancelToken;
import org.jpatroni.runtime.Tasks;

/** A JVM of its own for tests: starts PostgreSQL from a configuration file, says so, and waits to be killed. */
final class AgentThatDies {

    private AgentThatDies() {
    }

    public static void main(String[] arguments) throws Exception {
        LocalPostgres postgres = new LocalPostgres(
                ConfigLoader.load(Optional.of(Path.of(arguments[0])), Map.of()).config(),
                DynamicConfig.DEFAULT, Tasks.system());
        long begun = System.nanoTime();
        PostgresControl.Outcome outcome = postgres.start(
                new StartSpec(PostgresRole.PRIMARY, Optional.empty(), Duration.ofSeconds(30)), new CancelToken());
        System.out.printf("%s after %.1f ms%n", outcome, (System.nanoTime() - begun) / 1e6);
        System.out.flush();
        Tasks.system().time().sleep(Duration.ofMinutes(10));
    }
}
