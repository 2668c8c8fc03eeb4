package org.jpatroni.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.model.Tags;
import org.jpatroni.node.HaStatus;
import org.junit.jupiter.api.Test;

/** What may be said without the loop: only that PostgreSQL is not, or soon not, a running primary. */
class StatusBoardTest {

    private final StatusBoard board = new StatusBoard(HaStatus.starting("a", "demo", Tags.NONE, 0));

    private void shows(PostgresState state) {
        board.publish(now -> now.with(state, PostgresRole.PRIMARY));
    }

    @Test
    void aPrimaryThatTheLeaseGuardStopsIsNoneToHealthChecksAtOnce() {
        shows(PostgresState.RUNNING);
        board.primaryStops();
        assertThat(board.current().state()).isEqualTo(PostgresState.STOPPING);
        board.postmasterEnded(PostgresState.STOPPED);
        board.replicaReady();
        assertThat(board.current().role()).isEqualTo(PostgresRole.REPLICA);
        assertThat(board.current().state()).isEqualTo(PostgresState.RUNNING);
    }

    @Test
    void anotherStateIsNotTouched() {
        shows(PostgresState.CRASHED);
        board.primaryStops();
        assertThat(board.current().state()).isEqualTo(PostgresState.CRASHED);
        shows(PostgresState.RUNNING);
        board.postmasterEnded(PostgresState.RUNNING);
        assertThat(board.current().state()).isEqualTo(PostgresState.CRASHED);
    }
}
