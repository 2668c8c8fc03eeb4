package org.jpatroni.operation;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jpatroni.citus.NodeEvent;
import org.jpatroni.citus.NodeEvent.Kind;
import org.jpatroni.node.CommandReply;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /mpp} and its old name {@code POST /citus}: the primary of a worker's group tells the coordinator of a change. Whoever is no
 * coordinator, or cannot read it, answers the same, as Patroni does: the store tells the rest.
 */
final class MppOperation {

    private static final BigInteger SECONDS_MAX = BigInteger.valueOf(3600);

    private MppOperation() {
    }

    static CommandReply answer(Map<String, @Nullable Object> body, LocalAgent agent) throws InterruptedException {
        Optional<NodeEvent> event = read(body);
        if (event.isPresent()) {
            agent.announce(event.get());
        }
        return CommandReply.text(200, "OK");
    }

    private static Optional<NodeEvent> read(Map<String, @Nullable Object> body) {
        Optional<Kind> kind = Stream.of(Kind.values()).filter(one -> one.wireText().equals(body.get("type")))
                .findFirst();
        Optional<Duration> timeout = seconds(body.get("timeout"));
        Optional<Duration> cooldown = seconds(body.get("cooldown"));
        return kind.isPresent() && timeout.isPresent() && cooldown.isPresent()
                && body.get("leader") instanceof String leader && body.get("group") instanceof BigInteger group
                && group.signum() >= 0 && group.bitLength() < 31
                        ? Optional
                                .of(new NodeEvent(kind.get(), group.intValue(), leader, timeout.get(), cooldown.get()))
                        : Optional.empty();
    }

    private static Optional<Duration> seconds(@Nullable Object written) {
        BigInteger whole = switch (written) {
            case BigInteger integer -> integer;
            case BigDecimal decimal -> decimal.toBigInteger();
            case null, default -> BigInteger.valueOf(-1);
        };
        return whole.signum() < 0 || whole.compareTo(SECONDS_MAX) > 0
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds(whole.longValue()));
    }
}
