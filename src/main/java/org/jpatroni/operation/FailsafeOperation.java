package org.jpatroni.operation;

import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.agent.FailsafeBoard;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.FailsafePing;
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
            return CommandReply.text(500, FailsafeBoard.IS_PRIMARY);
        }
        Optional<FailsafePing> ping = read(command.body());
        if (ping.isEmpty()) {
            return CommandReply.refusal(400,
                    "name, conn_url and api_url are expected as strings, slots as an object of positions");
        }
        FailsafeBoard board = parts.board().failsafe();
        FailsafeAnswer answer = board.ask(parts.memberName(), ping.get(), status.dynamic().ttlSeconds(),
                parts.tasks().time().nanos(), command.dryRun());
        CommandReply reply = CommandReply.text(answer.isAccepted() ? 200 : 500, answer.text());
        return answer.position().map(lsn -> reply.withHeader("lsn", Long.toString(lsn.bytes()))).orElse(reply);
    }

    private static Optional<FailsafePing> read(Map<String, @Nullable Object> body) {
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
        int ttlSeconds = body.get("ttl") instanceof BigInteger ttl && ttl.signum() > 0 && ttl.bitLength() < 31
                ? ttl.intValue()
                : 0;
        return Optional.of(new FailsafePing(name, connUrl, apiUrl, slots, ttlSeconds));
    }
}
