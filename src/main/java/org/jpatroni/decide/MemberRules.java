package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.Tags;
import org.jspecify.annotations.Nullable;

/** This member's own key. */
final class MemberRules {

    private MemberRules() {
    }

    /** Writes the key unless that was done in this cycle with the same state and role; nothing while the store is unreachable. */
    static Optional<Rule.Outcome> publishIfDue(Situation s) {
        String shown = shown(s);
        if (!s.storeSeen() || s.isThisCycle(s.memory().publishedAtNanos()) && shown.equals(s.memory().published())) {
            return pass();
        }
        return s.decide(new Decision.PublishMember(ownMember(s)),
                s.memory().withPublished(shown, s.facts().nowNanos()), Reason.of(Sentence.PUBLISH));
    }

    /** What others must hear of at once when it changes. */
    static String shown(Situation s) {
        return s.shownState().wireText() + "/" + s.facts().role().wireText() + (standsAside(s) ? "/nosync" : "");
    }

    private static boolean standsAside(Situation s) {
        return OrderRules.standsAside(s) || ShutdownRules.standsAside(s);
    }

    private static Tags tags(Situation s) {
        Tags tags = s.facts().tags().effective();
        if (!standsAside(s)) {
            return tags;
        }
        Map<String, @Nullable Object> aside = new LinkedHashMap<>(tags.values());
        aside.put("nosync", true);
        return new Tags(aside);
    }

    /** This member as it is now (Patroni: the content of the member key). */
    static Member ownMember(Situation s) {
        Facts facts = s.facts();
        Facts.Node node = facts.node();
        Optional<Replication> replication = facts.state().maySpeakSql() ? s.replication() : Optional.empty();
        boolean standby = replication.isPresent() && replication.get().inRecovery();
        Optional<Lsn> received = standby ? replication.flatMap(Replication::receivedLsn) : Optional.empty();
        Optional<Lsn> replayed = standby ? replication.flatMap(Replication::replayedLsn) : Optional.empty();
        Optional<String> replicationState = standby
                ? replication.flatMap(Replication::receiverState).filter("streaming"::equals)
                        .or(() -> replication.flatMap(Replication::archiveRecovery))
                : Optional.empty();
        OptionalInt timeline = replication.isPresent() && s.timeline() > 0
                ? OptionalInt.of(s.timeline())
                : OptionalInt.empty();
        return new Member(node.name(), Optional.of(node.apiUrl()), Optional.of(node.connUrl()), node.proxyUrl(),
                Optional.of(s.shownState().wireText()), Optional.of(facts.role().wireText()),
                Optional.of(node.version()), tags(s), replication.map(Replication::walPosition),
                received, replayed, replicationState, timeline, !s.postgres().pendingRestart().isEmpty(),
                s.postgres().pendingRestart(),
                facts.orders().scheduled().map(Order.Scheduled::forMemberKey).orElse(Collections.emptyMap()),
                facts.checkpointPending(), false, s.paused());
    }
}
