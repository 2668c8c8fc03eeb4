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
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.ClusterStore;
import java.util.concurrent.atomic.AtomicReference;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.ClusterSnapshot.StoredConfig;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Lease;
import org.jpatroni.model.Member;
import org.jpatroni.model.PeerAnswer;
import org.jpatroni.peer.Peers;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.postgres.PostgresControl.Divergence;
import org.jpatroni.postgres.PostgresControl.Outcome;
import org.jspecify.annotations.Nullable;

/** Ports that lie, so that an honest agent behaves like a wrong one. Without a mutant they are the ports themselves. */
final class Mutants {

    private final Mutant mutant;
    private final SimTime time;
    private boolean believesInLease;

    Mutants(Mutant mutant, SimTime time) {
        this.mutant = mutant;
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

    ClusterStore store(ClusterStore honest, String memberName) {
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
            case RENEWAL_LOST_IGNORED -> lying(ClusterStore.class, honest, method -> false,
                    (method, answer) -> believing(method, answer, memberName, "renewLease"));
            default -> honest;
        };
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
        return new ClusterSnapshot(seen.initialize(), seen.config().map(stored -> new StoredConfig(
                stored.json().replace(SimMaintenance.PAUSE, ""), stored.version())), seen.leader(), seen.status(),
                seen.members(), seen.failover(), seen.sync(), seen.history(), seen.failsafe());
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

    PostgresControl postgres(PostgresControl honest, SimPostgres server) {
        return switch (mutant) {
            case SKIP_DIVERGENCE_CHECK -> lying(PostgresControl.class, honest, "checkDivergence"::equals,
                    (method, answer) -> method.equals("checkDivergence") ? Divergence.NONE : answer);
            case DEMOTION_SKIPPED -> lying(PostgresControl.class, honest,
                    method -> method.equals("stop") && server.acceptsWrites(),
                    (method, answer) -> method.equals("stop") && answer == null ? Outcome.done() : answer);
            default -> honest;
        };
    }
}
