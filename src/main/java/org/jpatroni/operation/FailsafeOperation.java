package org.jpatroni.operation;

import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.agent.FailsafeBoard;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresState;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.HaStatus;
import org.jpatroni.node.NodeCommand;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /failsafe}: a primary that cannot reach the store says that it is there and asks whether it may go on. Answered from what is
 * published; neither the HA loop nor the store nor PostgreSQL is asked, because any of them may be what does not answer.
 */
final class FailsafeOperation {

    private static final BigInteger LSN_MAX = BigInteger.ONE.shiftLeft(63).subtract(BigInteger.ONE);

    private final OperationParts parts;

    FailsafeOperation(OperationParts parts) {
        this.parts = parts;
    }

    CommandReply answer(NodeCommand command) {
        HaStatus status = parts.status();
        if (!status.dynamic().failsafeMode()) {
            return CommandReply.refusal(502, "failsafe_mode is off");
        }
        if (status.state() == PostgresState.RUNNING && status.role() == PostgresRole.PRIMARY) {
            return CommandReply.text(500, "Running as a leader");
        }
        Optional<FailsafeBoard.Announcement> primary = read(command.body());
        if (primary.isEmpty()) {
            return CommandReply.refusal(400,
                    "name, conn_url and api_url are expected as strings, slots as an object of positions");
        }
        FailsafeBoard board = parts.board().failsafe();
        if (!command.dryRun()) {
            board.announced(primary.get());
        }
        CommandReply accepted = CommandReply.text(200, "Accepted");
        return board.walPosition().map(lsn -> accepted.withHeader("lsn", Long.toString(lsn.bytes())))
                .orElse(accepted);
    }

    private Optional<FailsafeBoard.Announcement> read(Map<String, @Nullable Object> body) {
        if (!(body.get("name") instanceof String name) || name.isEmpty()
                || !(body.get("conn_url") instanceof String connUrl)
                || !(body.get("api_url") instanceof String apiUrl)) {
            return Optional.empty();
        }
        Optional<SortedMap<String, Lsn>> slots = Optional.empty();
        Object given = body.get("slots");
        if (given instanceof Map<?, ?> positions) {
            SortedMap<String, Lsn> read = new TreeMap<>();
            for (Map.Entry<?, ?> position : positions.entrySet()) {
                if (position.getValue() == null) {
                    continue; // A slot that keeps nothing yet.
                }
                if (!(position.getValue() instanceof BigInteger bytes) || bytes.signum() < 0
                        || bytes.compareTo(LSN_MAX) > 0) {
                    return Optional.empty();
                }
                read.put(String.valueOf(position.getKey()), new Lsn(bytes.longValue()));
            }
            slots = Optional.of(read);
        } else if (given != null) {
            return Optional.empty();
        }
        return Optional.of(new FailsafeBoard.Announcement(name, connUrl, apiUrl, slots, parts.tasks().time().nanos()));
    }
}
