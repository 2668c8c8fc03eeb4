package org.jpatroni.sim;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.StandbyNames;
import org.jpatroni.model.SyncState;
import org.jpatroni.model.SyncView;
import org.jpatroni.postgres.PostgresControl;
import org.jpatroni.postgres.PostgresControl.Outcome;

/** Ports that put the two writes of synchronous replication into the wrong order. */
final class SyncMutants {

    private static final Duration BETWEEN = Duration.ofMillis(80);
    private static final long LATE_MILLIS = 5000;

    private SyncMutants() {
    }

    /** Commits stop waiting for a standby just before the store hears that it is none. */
    static ClusterStore namesFirst(ClusterStore honest, SimPostgres server, SimTime time) {
        AtomicReference<List<String>> listed = new AtomicReference<>(List.of());
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.getName().equals("writeSync") && arguments[0] instanceof SyncState state) {
                if (!state.syncStandbys().containsAll(listed.getAndSet(state.syncStandbys()))) {
                    server.commits().configure(Optional.of(StandbyNames.all(state.syncStandbys()).text()));
                    time.sleep(BETWEEN);
                }
            }
            return call(honest, method, arguments);
        };
        return (ClusterStore) Proxy.newProxyInstance(ClusterStore.class.getClassLoader(),
                new Class<?>[]{ClusterStore.class}, handler);
    }

    /** The setting is reported to be in effect, and comes into effect much later. */
    static PostgresControl namesLate(PostgresControl honest, SimPostgres server, SimKernel kernel) {
        AtomicReference<Optional<String>> claimed = new AtomicReference<>(Optional.empty());
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.getName().equals("setStandbyNames")) {
                Optional<String> text = ((Optional<?>) arguments[0]).map(names -> ((StandbyNames) names).text());
                claimed.set(Optional.of(text.orElse("")));
                kernel.afterMillis(LATE_MILLIS, () -> {
                    if (claimed.get().equals(Optional.of(text.orElse("")))) {
                        server.commits().configure(text);
                        claimed.set(Optional.empty());
                    }
                });
                return Outcome.done();
            }
            Object answer = call(honest, method, arguments);
            return answer instanceof PostgresView view && claimed.get().isPresent()
                    ? believing(view, claimed.get().get())
                    : answer;
        };
        return (PostgresControl) Proxy.newProxyInstance(PostgresControl.class.getClassLoader(),
                new Class<?>[]{PostgresControl.class}, handler);
    }

    private static PostgresView believing(PostgresView view, String names) {
        if (!(view.postmaster() instanceof Postmaster.Up up)) {
            return view;
        }
        SyncView seen = up.replication().sync();
        SyncView lie = new SyncView(names, seen.commitLevel(), true, true, seen.standbys());
        return view.withPostmaster(new Postmaster.Up(up.pid(), up.replication().withSync(lie)));
    }

    private static Object call(Object honest, java.lang.reflect.Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(honest, arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause() == null ? thrown : thrown.getCause();
        }
    }
}
