package org.jpatroni.dcs;

import java.util.List;
import java.util.Optional;
import org.jpatroni.dcs.KeyValueClient.Event;

/**
 * Where Patroni keeps what: the keys of one cluster.
 *
 * @param prefix everything of the cluster begins with this; ends in a slash
 */
public record ClusterKeys(String prefix) {

    private static final String MEMBERS = "members/";

    public ClusterKeys {
        if (!prefix.startsWith("/") || !prefix.endsWith("/")) {
            throw new IllegalArgumentException("not a key prefix: " + prefix);
        }
    }

    /**
     * @param namespace with or without slashes around it, {@code /service/} by default in the configuration
     * @param scope name of the cluster
     */
    public static ClusterKeys of(String namespace, String scope) {
        return new ClusterKeys(("/" + namespace + "/" + scope + "/").replaceAll("/+", "/"));
    }

    /** The keys of one group of a sharded cluster: they lie below those of the scope (Patroni: "Peek into DCS" of Citus). */
    public ClusterKeys ofGroup(int group) {
        return new ClusterKeys(prefix + group + "/");
    }

    public String initialize() {
        return prefix + "initialize";
    }

    public String config() {
        return prefix + "config";
    }

    public String leader() {
        return prefix + "leader";
    }

    public String status() {
        return prefix + "status";
    }

    /** The leader's position as Patroni before 2.1 kept it. */
    public String legacyOptime() {
        return prefix + "optime/leader";
    }

    public String failover() {
        return prefix + "failover";
    }

    public String sync() {
        return prefix + "sync";
    }

    public String history() {
        return prefix + "history";
    }

    public String failsafe() {
        return prefix + "failsafe";
    }

    public String member(String name) {
        return prefix + MEMBERS + name;
    }

    /** The member whose key this is; empty for all other keys, also for keys further down. */
    public Optional<String> memberOf(String key) {
        if (!key.startsWith(prefix + MEMBERS)) {
            return Optional.empty();
        }
        String name = key.substring(prefix.length() + MEMBERS.length());
        return name.isEmpty() || name.contains("/") ? Optional.empty() : Optional.of(name);
    }

    /** Positions are written in every cycle; waking for them would make every member's cycle wake every other member. */
    boolean mayChangeDecision(Event event) {
        if (event.kind() == Event.Kind.MISSED) {
            return true;
        }
        String key = event.key();
        if (memberOf(key).isPresent()) {
            return event.kind() != Event.Kind.WRITTEN;
        }
        return List.of(leader(), config(), failover(), sync(), initialize(), failsafe()).contains(key);
    }
}
