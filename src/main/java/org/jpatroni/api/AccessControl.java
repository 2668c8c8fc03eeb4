package org.jpatroni.api;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.Member;
import org.jspecify.annotations.Nullable;

/**
 * Who may call what, for all connections. {@link #check} is the one question to ask, before anything of the request is acted on; it never
 * waits. The decision itself is {@link AccessRules}; here is what it rests on: settings, host names, members.
 */
final class AccessControl {

    private final Supplier<Optional<ClusterSnapshot>> cluster;
    private final HostAddresses hosts;
    private volatile AccessSettings settings;
    private volatile MemberHosts memberHosts = MemberHosts.NONE;

    /** Takes members from what {@code cluster} says when it is asked: the last snapshot. */
    AccessControl(RestApiConfig config, Supplier<Optional<ClusterSnapshot>> cluster, HostAddresses hosts) {
        this.settings = AccessSettings.of(config);
        this.cluster = cluster;
        this.hosts = hosts;
    }

    /** Takes over new settings; the next check uses them, on open connections too. */
    void reload(RestApiConfig config) {
        settings = AccessSettings.of(config);
        keepHosts();
    }

    /**
     * Decides about one request. To be called on the connection's event loop.
     *
     * @param access what the route asks for
     * @param channel where the request came from: its address and, over TLS, its client certificate count
     * @param authorization the header {@code Authorization} as sent, null when there was none
     * @param wantsJson refusals are told as problem details
     */
    AccessVerdict check(Route.Access access, Channel channel, @Nullable String authorization, boolean wantsJson) {
        InetAddress address = channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
        AccessRules.Question question = new AccessRules.Question(access, address, certificateSubject(channel),
                authorization, wantsJson);
        return check(question);
    }

    /** The same for a caller who is known otherwise. */
    AccessVerdict check(AccessRules.Question question) {
        AccessSettings current = settings;
        return AccessRules.decide(question, current, address -> isListed(current, address), this::isMember);
    }

    /** What an operator must be told about settings that leave everything open; see {@link AccessSettings#warning}. */
    Optional<String> warning(List<InetSocketAddress> listening) {
        return settings.warning(listening);
    }

    private boolean isListed(AccessSettings current, InetAddress address) {
        return current.ranges().stream().anyMatch(range -> range.contains(address))
                || current.hosts().stream().anyMatch(host -> hosts.isOf(host, address));
    }

    private boolean isMember(InetAddress address) {
        MemberHosts current = memberHosts();
        return current.addresses().stream().anyMatch(range -> range.contains(address))
                || current.names().stream().anyMatch(host -> hosts.isOf(host, address));
    }

    /** Read again when the snapshot has another list of members. */
    @SuppressWarnings("ReferenceEquality") // Asked per request; a new snapshot is a new list.
    private MemberHosts memberHosts() {
        List<Member> members = cluster.get().map(ClusterSnapshot::members).orElse(List.of());
        MemberHosts current = memberHosts;
        if (current.members() != members) {
            current = MemberHosts.of(members);
            memberHosts = current;
        }
        return current;
    }

    /** Has due host names looked up; called about once per second, and returns at once. */
    void keepHosts() {
        AccessSettings current = settings;
        List<String> names = new ArrayList<>(current.hosts());
        if (current.includeMembers()) {
            names.addAll(memberHosts().names());
        }
        hosts.keep(names);
    }

    private static Optional<String> certificateSubject(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return Optional.empty();
        }
        SSLSession session = tls.engine().getSession();
        try {
            return Optional.of(session.getPeerPrincipal().getName());
        } catch (SSLPeerUnverifiedException none) {
            return Optional.empty();
        }
    }
}
