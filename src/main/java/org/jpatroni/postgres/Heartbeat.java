package org.jpatroni.postgres;

import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.postgres.PostmasterFile.Status;
import org.jpatroni.runtime.Breaker;
import org.jpatroni.runtime.Tasks;

/**
 * The HA loop's own question to the server. A server that hangs costs the loop the limit once: until it answers again the loop hears at once
 * that it does not, and it is told as soon as it does.
 */
final class Heartbeat {

    /** Long, as each question that is given up leaves a connection behind that a hung server has yet to accept. */
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(5);

    private final Supplier<ServerParts> parts;
    private final Postmasters postmasters;
    private final Breaker<Replication> breaker;
    private volatile SQLException failure = new SQLTimeoutException("not asked");

    /**
     * @param parts asked for at every question, since a changed configuration makes new ones
     * @param answered called when a server that did not answer does so again
     */
    Heartbeat(Supplier<ServerParts> parts, Postmasters postmasters, Tasks tasks, Runnable answered) {
        this.parts = parts;
        this.postmasters = postmasters;
        this.breaker = new Breaker<>("heartbeat-probe", tasks, () -> answer(PROBE_LIMIT), late -> answered.run());
    }

    /**
     * Asks.
     *
     * @throws SQLException without an answer; at once while an earlier question is stuck, with the words of that one
     */
    Replication ask(Duration limit) throws SQLException {
        Optional<Replication> answer = breaker.ask(() -> answer(limit));
        if (answer.isPresent()) {
            return answer.get();
        }
        throw failure;
    }

    private Optional<Replication> answer(Duration limit) {
        try {
            ServerParts now = parts.get();
            Replication asked = now.heartbeat().ask(limit);
            return Optional.of(asked.withSync(StandbyNamesChange.completed(asked.sync(), now.server())));
        } catch (SQLException unanswered) {
            if (!breaker.isOpen()) {
                failure = unanswered;
            }
            return Optional.empty();
        }
    }

    /** What a postmaster is that says it is ready; one that is not asked counts as silent. */
    Postmaster look(PostmasterProcess process, Duration limit) {
        if (!limit.isPositive()) {
            return new Postmaster.Unresponsive(process.pid(), "not asked");
        }
        try {
            return new Postmaster.Up(process.pid(), ask(limit));
        } catch (SQLException unanswered) {
            if (!process.isAlive()) {
                return new Postmaster.Absent();
            }
            return postmasters.status(process) == Status.STOPPING
                    ? new Postmaster.Stopping(process.pid())
                    : new Postmaster.Unresponsive(process.pid(), String.valueOf(unanswered.getMessage()));
        }
    }
}
