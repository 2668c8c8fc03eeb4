package org.jpatroni.sim;

import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.PostgresView;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.model.PostgresView.Postmaster;
import org.jpatroni.model.Upstream;

/** What an agent sees of a simulated PostgreSQL. */
final class SimView {

    private SimView() {
    }

    static PostgresView of(SimPostgres server, boolean timedOut) {
        return new PostgresView(data(server), postmaster(server, timedOut), Collections.emptyMap());
    }

    private static Data data(SimPostgres server) {
        return switch (server.data()) {
            case EMPTY -> new Data.Empty();
            case HALF -> new Data.Unusable("there is no control file");
            case PRESENT -> new Data.Present(server.control(), server.standbySignal(), 15);
        };
    }

    private static Postmaster postmaster(SimPostgres server, boolean timedOut) {
        return switch (server.phase()) {
            case DOWN -> new Postmaster.Absent();
            case STARTING -> new Postmaster.Starting(server.pid());
            case STOPPING -> new Postmaster.Stopping(server.pid());
            case UP -> timedOut
                    ? new Postmaster.Unresponsive(server.pid(), "canceling statement due to statement timeout")
                    : new Postmaster.Up(server.pid(), replication(server));
        };
    }

    private static PostgresView.Replication replication(SimPostgres server) {
        boolean standby = server.inRecovery();
        Optional<Lsn> position = Optional.of(server.wal().end());
        SortedMap<String, PostgresView.SlotView> slots = new TreeMap<>();
        server.slots().forEach((name, lsn) -> slots.put(name,
                new PostgresView.SlotView(true, server.receiver().isSlotActive(name), Optional.of(new Lsn(lsn)))));
        Optional<Upstream> upstream = standby ? server.upstream() : Optional.empty();
        Optional<Upstream.OfMember> member = upstream
                .flatMap(up -> up instanceof Upstream.OfMember of ? Optional.of(of) : Optional.empty());
        Optional<String> host = upstream.flatMap(up -> up instanceof Upstream.Remote remote
                ? Optional.of(remote.host())
                : member.flatMap(of -> of.member().connUrl())
                        .map(url -> url.substring("postgres://".length(), url.lastIndexOf(':'))));
        Optional<String> conninfo = host.map(
                name -> "host=" + name + " port=5432 user=replicator application_name=" + server.name());
        return new PostgresView.Replication(standby, OptionalInt.of(server.wal().timeline()),
                standby ? Optional.empty() : position, standby ? position : Optional.empty(),
                standby ? position : Optional.empty(), false,
                server.receiver().source().isPresent() ? Optional.of("streaming") : Optional.empty(), conninfo,
                member.flatMap(Upstream.OfMember::slotName), false, slots, 150018, Optional.empty())
                .withSync(server.commits().view());
    }
}
