package org.jpatroni.sim;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.ClusterStore;
import java.util.concurrent.atomic.AtomicReference;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.model.FailsafeAnswer;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.model.SyncState;
import org.jpatroni.peer.Peers;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jspecify.annotations.Nullable;

/** Ports that lie, so that an honest agent behaves like a wrong one. Without a mutant they are the ports themselves. */
final class Mutants {

    private final Mutant mutant;
    private final SimKernel kernel;
    private final SimTime time;
    private boolean believesInLease;

    Mutants(Mutant mutant, SimKernel kernel, SimTime time) {
        this.mutant = mutant;
        this.kernel = kernel;
        this.time = time;
    }

    /** Answers some calls itself; passes the others on. */
    private interface Lie {

        @Nullable
        Object answer(String method, @Nullable Object honest);
    }

    @SuppressWarnings("unchecked")
    private static <T> T lying(Class<T> port, T honest, Predicate<String> withheld, Lie lie) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            try {
                Object answer = withheld.test(method.getName()) ? null : method.invoke(honest, arguments);
                return lie.answer(method.getName(), answer);
            } catch (InvocationTargetException thrown) {
                throw thrown.getCause() == null ? thrown : thrown.getCause();
            }
        };
        return (T) Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[]{port}, handler);
    }

    ClusterStore store(ClusterStore honest, String memberName, SimPostgres server) {
        return switch (mutant) {
            case DEADLINE_FROM_REPLY -> lying(ClusterStore.class, honest, method -> false,
                    (method, answer) -> answer instanceof Cas.Won<?>(Lease lease)
                            ? new Cas.Won<>(new Lease(time.nanos(), lease.ttlSeconds()))
                            : answer);
            case PROMOTE_ON_UNKNOWN -> lying(ClusterStore.class, honest, method -> false,
                    (method, answer) -> believing(method, answer, memberName, "acquireLease"));
            case PROMOTES_WHILE_PAUSED -> lying(ClusterStore.class, honest, method -> false,
                    (method, answer) -> answer instanceof ClusterSnapshot seen && seen.leader().isEmpty()
                            ? unpaused(seen)
                            : answer);
            case STARTS_WHILE_PAUSED -> lying(ClusterStore.class, honest, method -> false,
                    (method, answer) -> answer instanceof ClusterSnapshot seen ? unpaused(seen) : answer);
            case DEMOTES_WHILE_PAUSED -> forgetful(honest);
            case NAMES_BEFORE_SYNC_ON_REMOVAL -> SyncMutants.namesFirst(honest, server, time);
            case STANDBY_CLUSTER_FORGOTTEN -> memberName.equals(SimNode.name(0)) ? withoutRemote(honest) : honest;
            case RACE_WITHOUT_MEMBERSHIP -> raceSeen(honest, sync -> SyncState.ABSENT);
            case RACE_WITHOUT_VOTES -> raceSeen(honest,
                    sync -> new SyncState(sync.leader(), sync.syncStandbys(), 0, sync.version()));
            case RENEWAL_LOST_IGNORED -> lying(ClusterStore.class, honest, method -> false,
                    (method, answer) -> believing(method, answer, memberName, "renewLease"));
            default -> honest;
        };
    }

    /** While nobody leads, another key sync is seen. */
    private static ClusterStore raceSeen(ClusterStore honest, UnaryOperator<SyncState> other) {
        return lying(ClusterStore.class, honest, method -> false,
                (method, answer) -> answer instanceof ClusterSnapshot seen && seen.leader().isEmpty()
                        ? withSync(seen, other.apply(seen.sync()))
                        : answer);
    }

    private static ClusterStore withoutRemote(ClusterStore honest) {
        return lying(ClusterStore.class, honest, method -> false,
                (method, answer) -> answer instanceof ClusterSnapshot seen
                        ? withConfig(seen, json -> json.replaceAll("\"standby_cluster\": \\{[^}]*}, ", ""))
                        : answer);
    }

    private static ClusterSnapshot withConfig(ClusterSnapshot seen, UnaryOperator<String> other) {
        return new ClusterSnapshot(seen.initialize(), seen.config().map(stored -> new StoredConfig(
                other.apply(stored.json()), stored.version())), seen.leader(), seen.status(), seen.members(),
                seen.failover(), seen.sync(), seen.history(), seen.failsafe());
    }

    private static ClusterSnapshot withSync(ClusterSnapshot seen, SyncState sync) {
        return new ClusterSnapshot(seen.initialize(), seen.config(), seen.leader(), seen.status(), seen.members(),
                seen.failover(), sync, seen.history(), seen.failsafe());
    }

    /** Answers what it saw last where the store does not, without the pause. */
    private static ClusterStore forgetful(ClusterStore honest) {
        AtomicReference<@Nullable ClusterSnapshot> last = new AtomicReference<>();
        InvocationHandler handler = (proxy, method, arguments) -> {
            try {
                Object answer = method.invoke(honest, arguments);
                if (answer instanceof ClusterSnapshot seen) {
                    last.set(seen);
                }
                return answer;
            } catch (InvocationTargetException thrown) {
                ClusterSnapshot remembered = last.get();
                if (method.getName().equals("snapshot") && remembered != null) {
                    return unpaused(remembered);
                }
                throw thrown.getCause() == null ? thrown : thrown.getCause();
            }
        };
        return (ClusterStore) Proxy.newProxyInstance(ClusterStore.class.getClassLoader(),
                new Class<?>[]{ClusterStore.class}, handler);
    }

    private static ClusterSnapshot unpaused(ClusterSnapshot seen) {
        return withConfig(seen, json -> json.replace(SimMaintenance.PAUSE, ""));
    }

    /** Takes a lease for granted that the store did not grant, and sees itself as the leader from then on. */
    private @Nullable Object believing(String method, @Nullable Object answer, String memberName, String verb) {
        boolean refused = verb.equals("acquireLease") ? answer instanceof Cas.Unknown : answer instanceof Cas.Lost;
        if (method.equals(verb) && (refused || believesInLease && answer instanceof Cas<?> cas && !cas.isWon())) {
            believesInLease = true;
            return new Cas.Won<>(new Lease(time.nanos(), 30));
        }
        if (believesInLease && answer instanceof ClusterSnapshot seen && !seen.isLeader(memberName)) {
            LeaderKey mine = new LeaderKey(memberName, 1, "mine", true);
            return new ClusterSnapshot(seen.initialize(), seen.config(), Optional.of(mine), seen.status(),
                    seen.members(), seen.failover(), seen.sync(), seen.history(), seen.failsafe());
        }
        return answer;
    }

    Peers peers(Peers honest) {
        if (mutant == Mutant.FAILSAFE_WITHOUT_ALL || mutant == Mutant.FAILSAFE_REFUSAL_IGNORED) {
            FailsafeAnswer.Kind taken = mutant == Mutant.FAILSAFE_WITHOUT_ALL
                    ? FailsafeAnswer.Kind.UNREACHABLE
                    : FailsafeAnswer.Kind.REFUSED;
            return lying(Peers.class, honest, method -> false, (method, answer) -> method.equals("askFailsafe")
                    && answer instanceof List<?> answers
                            ? answers.stream().map(FailsafeAnswer.class::cast).map(one -> agreed(one, taken)).toList()
                            : answer);
        }
        if (mutant != Mutant.STALE_PEER_ANSWERS) {
            return honest;
        }
        Map<String, PeerAnswer> remembered = new LinkedHashMap<>();
        return (List<Member> members, Duration limit) -> {
            if (remembered.isEmpty()) {
                honest.askStatus(members, limit).stream().filter(PeerAnswer::reachable)
                        .forEach(answer -> remembered.put(answer.name(), answer));
            }
            List<PeerAnswer> answers = new ArrayList<>();
            members.forEach(member -> answers.add(
                    remembered.getOrDefault(member.name(), PeerAnswer.unreachable(member.name()))));
            return answers;
        };
    }

    private static FailsafeAnswer agreed(FailsafeAnswer answer, FailsafeAnswer.Kind taken) {
        return answer.kind() == taken
                ? new FailsafeAnswer(answer.member(), FailsafeAnswer.Kind.ACCEPTED, answer.position(), answer.text())
                : answer;
    }

    PostgresControl postgres(PostgresControl honest, SimPostgres server) {
        return switch (mutant) {
            case SKIP_DIVERGENCE_CHECK -> lying(PostgresControl.class, honest, "checkDivergence"::equals,
                    (method, answer) -> method.equals("checkDivergence") ? Divergence.NONE : answer);
            case DEMOTION_SKIPPED -> lying(PostgresControl.class, honest,
                    method -> method.equals("stop") && server.acceptsWrites(),
                    (method, answer) -> method.equals("stop") && answer == null ? Outcome.done() : answer);
            case SYNC_BEFORE_NAMES_ON_ADDITION -> SyncMutants.namesLate(honest, server, kernel);
            default -> honest;
        };
    }
}
