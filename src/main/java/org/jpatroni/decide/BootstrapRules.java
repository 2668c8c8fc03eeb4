package org.jpatroni.decide;

import static org.jpatroni.decide.Situation.pass;

import java.util.List;
import java.util.Optional;
import org.jpatroni.decide.Memory.Bootstrap;
import org.jpatroni.decide.Reason.Sentence;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.Upstream;

/** No data directory, or one that belongs to somebody else; and the first steps of a new cluster. */
final class BootstrapRules {

    static final List<Rule> RULES = List.of(
            new Rule("bootstrap.system-id-mismatch",
                    "The data directory's system identifier is not the one stored for this cluster.",
                    "Never join a cluster with somebody else's data; the data is left as it is.",
                    BootstrapRules::systemIdMismatch),
            new Rule("bootstrap.foreign-data-paused",
                    "The data directory's system identifier is not the one stored, in a paused cluster.",
                    "Patroni: the agent goes on and ends when maintenance mode does; the key is not kept with such data.",
                    BootstrapRules::foreignDataPaused),
            new Rule("bootstrap.failed", "The bootstrap failed, or its server died before the cluster was complete.",
                    "Give initialize back, so that another member can try; end, so that the supervisor tries again.",
                    BootstrapRules::failed),
            new Rule("bootstrap.run", "This agent won the bootstrap race and there is no data yet.",
                    "Patroni: bootstrap.", BootstrapRules::run),
            new Rule("bootstrap.clone-remote",
                    "This agent won the bootstrap race of a standby cluster and there is no data yet.",
                    "Patroni: the standby leader is a copy of the remote server.", BootstrapRules::cloneRemote),
            new Rule("bootstrap.start-standby-leader",
                    "This agent has copied the remote server of a new standby cluster, and PostgreSQL is not running.",
                    "Patroni: bootstrap of the standby leader.", BootstrapRules::startStandbyLeader),
            new Rule("bootstrap.finish",
                    "This agent bootstrapped: PostgreSQL runs as a primary, in a standby cluster as a standby.",
                    "Store identifier and configuration first, then take the lease: others may clone only from a finished primary.",
                    BootstrapRules::finish),
            new Rule("bootstrap.leader-without-data",
                    "This node holds the lease, and its data directory went away or cannot be used.",
                    "Patroni: the key is given up, so that another member can lead.",
                    BootstrapRules::leaderWithoutData),
            new Rule("bootstrap.unusable", "The data directory cannot be read or is half made.",
                    "Nothing is deleted on a guess; the operator decides.", BootstrapRules::unusable),
            new Rule("bootstrap.paused", "No data, the cluster is paused, and nobody asked for a copy.",
                    "Patroni: in maintenance mode nothing is bootstrapped or copied; a reinitialization is.",
                    BootstrapRules::pausedWithoutData),
            new Rule("bootstrap.clone", "No data, and a running leader to copy from.",
                    "Patroni: bootstrap of a replica.", BootstrapRules::cloneFromLeader),
            new Rule("bootstrap.clone-without-leader",
                    "No data, the cluster is initialised, there is no leader, and a replica method needs none.",
                    "Patroni: no_leader in a replica method. Not by a member of which /sync says that it has every commit: an old backup has not, and might be promoted.",
                    BootstrapRules::cloneWithoutLeader),
            new Rule("bootstrap.wait", "No data, and nobody to copy from yet, or this node may not bootstrap.",
                    "Patroni: a nofailover member does not bootstrap a cluster.", BootstrapRules::waitForLeader),
            new Rule("bootstrap.claim", "No data, and no cluster.",
                    "Whoever creates initialize bootstraps.", BootstrapRules::claim));

    private BootstrapRules() {
    }

    private static boolean noData(Situation s) {
        return s.postgres().data() instanceof Data.Empty && s.notRunning() && s.running().isEmpty();
    }

    private static Optional<Rule.Outcome> systemIdMismatch(Situation s) {
        return s.hasForeignData() && !s.paused()
                ? s.decide(new Decision.Halt(1), mismatch(s, Sentence.SYSTEM_ID_MISMATCH))
                : pass();
    }

    private static Reason mismatch(Situation s, Sentence sentence) {
        return Reason.of(sentence, s.self(), s.snapshot().initialize().orElseThrow(),
                s.postgres().control().orElseThrow().systemIdentifier());
    }

    private static Optional<Rule.Outcome> foreignDataPaused(Situation s) {
        if (!s.hasForeignData()) {
            return pass();
        }
        Reason reason = mismatch(s, Sentence.SYSTEM_ID_MISMATCH_PAUSED);
        if (s.holdsLease()) {
            return s.decide(new Decision.ReleaseLease(Optional.empty()), reason);
        }
        return MemberRules.publishIfDue(s).or(() -> s.rest(reason));
    }

    private static Optional<Rule.Outcome> failed(Situation s) {
        boolean died = s.memory().bootstrap() == Bootstrap.CLAIMED && s.running().isEmpty() && s.notRunning()
                && !(s.postgres().data() instanceof Data.Empty) && !mayStartCopy(s);
        if (s.memory().bootstrap() != Bootstrap.FAILED && !died) {
            return pass();
        }
        Optional<Rule.Outcome> giveBack = s.snapshot().initialize().filter(String::isEmpty).isPresent()
                ? s.decideOnce(new Decision.CancelInitialize(), Reason.of(Sentence.BOOTSTRAP_GIVE_BACK))
                : pass();
        return giveBack.isPresent() ? giveBack : s.decide(new Decision.Halt(1), Reason.of(Sentence.BOOTSTRAP_FAILED));
    }

    private static Optional<Rule.Outcome> run(Situation s) {
        return s.memory().bootstrap() == Bootstrap.CLAIMED && noData(s) && !s.standbyCluster()
                ? s.decide(new Decision.Begin(new Action.Bootstrap()), Reason.of(Sentence.BOOTSTRAP_RUN))
                : pass();
    }

    private static Optional<Rule.Outcome> cloneRemote(Situation s) {
        if (s.memory().bootstrap() != Bootstrap.CLAIMED || !noData(s) || !s.standbyCluster()) {
            return pass();
        }
        if (!s.isPast(s.memory().actionNotBeforeNanos())) {
            return publishThenWait(s);
        }
        Upstream remote = UpstreamRules.remote(s);
        return s.decide(new Decision.Begin(new Action.CloneFrom(
                Optional.of(remote).filter(Upstream.Remote.class::isInstance))),
                Reason.of(Sentence.CLONE, UpstreamRules.name(remote)));
    }

    private static boolean mayStartCopy(Situation s) {
        return s.standbyCluster() && s.dataPresent() && s.memory().startFailures() == 0;
    }

    private static Optional<Rule.Outcome> startStandbyLeader(Situation s) {
        if (s.memory().bootstrap() != Bootstrap.CLAIMED || !mayStartCopy(s) || !s.notRunning()
                || s.running().isPresent()) {
            return pass();
        }
        return s.decide(
                new Decision.Begin(
                        new Action.Start(PostgresRole.STANDBY_LEADER, Optional.of(UpstreamRules.remote(s)), 300)),
                Reason.of(Sentence.START_STANDBY));
    }

    private static Optional<Rule.Outcome> finish(Situation s) {
        boolean runs = s.writable() || s.standbyCluster() && s.inRecovery();
        if (s.memory().bootstrap() != Bootstrap.CLAIMED || !runs || !s.dataPresent()
                || s.running().isPresent()) {
            return pass();
        }
        if (s.holdsLease()) {
            return s.decide(new Decision.ShowRole(s.standbyCluster()
                    ? PostgresRole.STANDBY_LEADER
                    : PostgresRole.PRIMARY), s.memory().withBootstrap(Bootstrap.NONE),
                    Reason.of(Sentence.BOOTSTRAP_FINISH));
        }
        if (!s.snapshot().isInitialized()) {
            String systemIdentifier = s.postgres().control().orElseThrow().systemIdentifier();
            return s.decideOnce(new Decision.WriteInitialize(systemIdentifier, s.snapshot().initialize().isEmpty()),
                    Reason.of(Sentence.WRITE_INITIALIZE)).or(() -> s.restShortly(Reason.of(Sentence.RETRY_LATER)));
        }
        if (s.snapshot().config().isEmpty()) {
            return s.decideOnce(new Decision.WriteConfig(), Reason.of(Sentence.WRITE_CONFIG))
                    .or(() -> s.restShortly(Reason.of(Sentence.RETRY_LATER)));
        }
        if (s.snapshot().leader().isPresent()) {
            return pass();
        }
        return s.leaseAttemptedThisCycle()
                ? s.restShortly(Reason.of(Sentence.ACQUIRE_UNCONFIRMED))
                : s.decide(new Decision.AcquireLease(), Reason.of(Sentence.ACQUIRE));
    }

    private static Optional<Rule.Outcome> leaderWithoutData(Situation s) {
        // Also when the first try got no answer: the session goes on, so the key would never expire.
        boolean named = s.holdsLease()
                || s.storeSeen() && s.snapshot().isLeader(s.self()) && s.leaderKey().orElseThrow().ownSession();
        return named && !s.dataPresent() && s.notRunning() && s.running().isEmpty()
                ? s.decideOnce(new Decision.ReleaseLease(Optional.empty()), Reason.of(Sentence.LEADER_WITHOUT_DATA))
                : pass();
    }

    private static Optional<Rule.Outcome> unusable(Situation s) {
        return s.postgres().data() instanceof Data.Unusable unusable && s.notRunning() && s.running().isEmpty()
                ? s.rest(Reason.of(Sentence.DATA_UNUSABLE, unusable.reason()))
                : pass();
    }

    /** A new cluster is not paused before its configuration is stored. */
    private static Optional<Rule.Outcome> pausedWithoutData(Situation s) {
        return noData(s) && s.paused() && s.snapshot().config().isPresent() && !s.memory().rebuild().isCopying()
                && s.memory().bootstrap() == Bootstrap.NONE
                        ? MemberRules.publishIfDue(s).or(() -> s.rest(Reason.of(Sentence.PAUSED_EMPTY)))
                        : pass();
    }

    private static Optional<Rule.Outcome> cloneFromLeader(Situation s) {
        Optional<Member> leader = s.leaderMember();
        if (!noData(s) || !s.otherLeads() || !leader.orElseThrow().mayServeReplication()
                || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        Upstream source = UpstreamRules.cloneSource(s);
        boolean basebackupOnly = s.memory().rebuild() == Memory.Rebuild.FROM_LEADER;
        return s.decide(new Decision.Begin(new Action.CloneFrom(Optional.of(source), basebackupOnly)),
                Reason.of(Sentence.CLONE, UpstreamRules.name(source)));
    }

    /** A leader key of an earlier session of this node counts too: an old backup must not be made the leader by it. */
    private static Optional<Rule.Outcome> cloneWithoutLeader(Situation s) {
        if (!noData(s) || !s.snapshot().isInitialized() || s.leaderKey().isPresent()
                || !s.facts().node().clonesWithoutLeader() || SyncRace.of(s, Optional.empty()).isPromised()
                || !s.isPast(s.memory().actionNotBeforeNanos())) {
            return pass();
        }
        Optional<Upstream> remote = Optional.of(s).filter(Situation::standbyCluster).map(UpstreamRules::remote)
                .filter(Upstream.Remote.class::isInstance);
        return s.decide(new Decision.Begin(new Action.CloneFrom(remote)), Reason.of(Sentence.CLONE_WITHOUT_LEADER));
    }

    private static Optional<Rule.Outcome> waitForLeader(Situation s) {
        boolean mustWait = s.snapshot().initialize().isPresent() || s.snapshot().leader().isPresent()
                || !s.facts().node().mayBootstrap() || s.facts().tags().nofailover();
        return noData(s) && mustWait ? publishThenWait(s) : pass();
    }

    private static Optional<Rule.Outcome> publishThenWait(Situation s) {
        return MemberRules.publishIfDue(s).or(() -> s.restShortly(Reason.of(Sentence.BOOTSTRAP_WAIT)));
    }

    private static Optional<Rule.Outcome> claim(Situation s) {
        return noData(s)
                ? s.decideOnce(new Decision.ClaimInitialize(), Reason.of(Sentence.BOOTSTRAP_CLAIM))
                        .or(() -> publishThenWait(s))
                : pass();
    }
}
