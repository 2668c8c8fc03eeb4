package org.jpatroni.app;

import java.time.Duration;
import java.util.Optional;
import org.jpatroni.dcs.ClusterStore;
import org.jpatroni.dcs.StoreUnavailableException;
import org.jpatroni.model.Member;
import org.jpatroni.peer.PeerClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses to start beside a running daemon of the same name: both would write one member key, and take each other's lease for their own
 * (Patroni does the same, and its sentence is searched for). Asked before the own API is open, because the key of an agent that was
 * started again leads to that API.
 */
final class NameCheck {

    private static final Logger LOG = LoggerFactory.getLogger(NameCheck.class);
    /** For the look at the store: who cannot be asked does not keep a node down. */
    static final Duration LIMIT = Duration.ofSeconds(3);
    /** The first call on a machine that is busy, with TLS, was seen to need more than 3 s; where nobody listens it is refused at once. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    private NameCheck() {
    }

    /**
     * Looks once.
     *
     * @throws StartException when a daemon of this name answers at the address that the store has for it
     */
    static void refuseTwins(String name, ClusterStore store, PeerClient peers)
            throws StartException, InterruptedException {
        Optional<Member> twin = registered(store, name);
        if (twin.isPresent() && peers.answers(twin.get(), ANSWER_LIMIT)) {
            throw new StartException("Can't start; there is already a node named '" + name + "' running");
        }
    }

    private static Optional<Member> registered(ClusterStore store, String name) {
        try {
            return store.snapshot().member(name).filter(member -> member.apiUrl().isPresent());
        } catch (StoreUnavailableException away) {
            LOG.warn("whether another node is named {} is not known: {}", name, away.getMessage());
            return Optional.empty();
        }
    }
}
