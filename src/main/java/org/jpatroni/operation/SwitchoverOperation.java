package org.jpatroni.operation;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.config.DynamicConfigReader;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.decide.CandidateLimits;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.FailoverRequest;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Explanation;
import org.jpatroni.node.NodeCommand;
import org.jpatroni.node.NodeCommand.Operation;
import org.jpatroni.operation.ScheduleReader.Schedule;
import org.jpatroni.operation.SwitchoverChecks.Judged;
import org.jpatroni.operation.SwitchoverRequest.Reading;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /switchover}, {@code POST /failover}, {@code DELETE /switchover}: checks the request as the leader will, stores it on the
 * condition that nobody else stored one in between, and answers when the new primary accepts writes. Any member may be asked.
 */
final class SwitchoverOperation {

    private static final Logger LOG = LoggerFactory.getLogger(SwitchoverOperation.class);
    private static final Duration PEER_LIMIT = Duration.ofSeconds(2);
    private static final int ATTEMPTS = 3;

    private final OperationParts parts;

    SwitchoverOperation(OperationParts parts) {
        this.parts = parts;
    }

    CommandReply move(NodeCommand command) throws InterruptedException {
        for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
            Optional<CommandReply> reply = attempt(command);
            if (reply.isPresent()) {
                return reply.get();
            }
        }
        return attempt(command).orElseGet(SwitchoverOperation::notStored);
    }

    private static CommandReply notStored() {
        return CommandReply.text(503, "failed to write failover key into DCS");
    }

    /** Empty when somebody else stored a request in between: then everything is looked at anew. */
    private Optional<CommandReply> attempt(NodeCommand command) throws InterruptedException {
        boolean failover = command.operation() == Operation.FAILOVER;
        Optional<ClusterSnapshot> seen = snapshot();
        DynamicConfig dynamic = seen.flatMap(ClusterSnapshot::config)
                .map(stored -> DynamicConfigReader.read(stored.json(), parts.status().dynamic()).config())
                .orElse(parts.status().dynamic());
        Reading reading = SwitchoverRequest.read(failover, command.body(), dynamic.pause(),
                parts.tasks().time().wall());
        if (reading instanceof Reading.Refused no) {
            return Optional.of(CommandReply.text(no.code(), no.text()));
        }
        SwitchoverRequest request = ((Reading.Accepted) reading).request();
        if (seen.isEmpty()) {
            return Optional.of(CommandReply.refusal(503, "the store does not answer"));
        }
        LOG.info("received {} request with leader={} candidate={} scheduled_at={}", request.action(),
                printable(request.leader()), printable(request.candidate()),
                request.at().map(Schedule.At::text).orElse("None"));
        SwitchoverChecks checks = new SwitchoverChecks(seen.get(), dynamic, request);
        Optional<String> refusal = request.at().isPresent() ? Optional.empty() : checks.refusal();
        List<Judged> judged = refusal.isPresent() || request.at().isPresent() && !command.dryRun()
                ? List.of()
                : checks.judge(parts.peers().askStatus(checks.toAsk(), PEER_LIMIT));
        if (request.at().isEmpty() && refusal.isEmpty() && judged.stream().noneMatch(Judged::isGood)) {
            refusal = Optional.of(checks.noGoodCandidates());
        }
        if (command.dryRun()) {
            return Optional.of(preview(request, refusal, judged));
        }
        if (refusal.isPresent()) {
            return Optional.of(CommandReply.text(412, refusal.get()).because(explanations(judged)));
        }
        return store(seen.get(), request);
    }

    private Optional<ClusterSnapshot> snapshot() {
        try {
            return Optional.of(parts.store().snapshot());
        } catch (StoreUnavailableException down) {
            return Optional.empty();
        }
    }

    /** A new request takes the place of an old one, as in Patroni. */
    private Optional<CommandReply> store(ClusterSnapshot seen, SwitchoverRequest request)
            throws InterruptedException {
        FailoverRequest wanted = request.toStore();
        long version = seen.failover().map(FailoverRequest::version).orElse(0L);
        Cas<Boolean> written = parts.store().writeFailover(wanted, version);
        long storedAtNanos = parts.tasks().time().nanos();
        if (written instanceof Cas.Lost) {
            return Optional.empty();
        }
        if (written instanceof Cas.Unknown) {
            // It may be there. Only what is read counts.
            boolean isThere = snapshot().flatMap(ClusterSnapshot::failover).filter(wanted::asksLike).isPresent();
            if (!isThere) {
                return Optional.of(notStored());
            }
            storedAtNanos = parts.tasks().time().nanos();
        }
        parts.wake().run();
        return Optional.of(request.at().isPresent()
                ? CommandReply.text(202, request.title() + " scheduled")
                : new SwitchoverWait(parts, request, seen.leader().map(LeaderKey::holder), storedAtNanos).outcome());
    }

    CommandReply cancel(NodeCommand command) {
        Optional<ClusterSnapshot> seen = snapshot();
        if (seen.isEmpty()) {
            return CommandReply.refusal(503, "the store does not answer");
        }
        Optional<FailoverRequest> scheduled = seen.get().failover()
                .filter(request -> request.scheduledAt().isPresent());
        if (scheduled.isEmpty()) {
            return CommandReply.text(404, "no switchover is scheduled");
        }
        if (command.dryRun()) {
            Map<String, @Nullable Object> tree = new LinkedHashMap<>();
            tree.put("dry_run", true);
            tree.put("scheduled_at", scheduled.get().scheduledAtText().orElse(null));
            return CommandReply.document(200, tree);
        }
        return switch (parts.store().clearFailover(scheduled.get().version())) {
            case Cas.Won<Boolean> _ -> {
                parts.wake().run();
                yield CommandReply.text(200, "scheduled switchover deleted");
            }
            case Cas.Lost<Boolean> _ -> CommandReply.refusal(409, "somebody else changed the request at the same time");
            case Cas.Unknown<Boolean> _ -> CommandReply.refusal(503,
                    "the store did not confirm the change: it may have been made");
        };
    }

    private static List<Explanation> explanations(List<Judged> judged) {
        return judged.stream().map(Judged::explanation).toList();
    }

    private static CommandReply preview(SwitchoverRequest request, Optional<String> refusal, List<Judged> judged) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", true);
        tree.put("operation", request.action());
        tree.put("possible", refusal.isEmpty());
        refusal.ifPresent(text -> tree.put("message", text));
        request.at().ifPresent(at -> tree.put("scheduled_at", at.text()));
        judged.stream().filter(Judged::isGood).map(Judged::answer).min(CandidateLimits.preference())
                .map(PeerAnswer::name).ifPresent(name -> tree.put("new_leader", name));
        tree.put("candidates", explanations(judged).stream().map(Explanation::document).toList());
        return CommandReply.document(200, tree);
    }

    /** A name from outside must not be able to write a line of its own into the log. */
    private static String printable(Optional<String> name) {
        return name.orElse("None").replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
    }
}
