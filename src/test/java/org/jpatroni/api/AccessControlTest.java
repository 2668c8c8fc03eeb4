package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.Member;
import org.jpatroni.model.Tags;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the decision rests on: names, members, new settings, the channel. */
class AccessControlTest {

    private final InlineTasks tasks = new InlineTasks();
    private final Map<String, List<InetAddress>> names = new HashMap<>();
    private final List<String> lookups = new ArrayList<>();
    private ClusterSnapshot cluster = ClusterSnapshot.EMPTY;

    @Test
    void aHostNameIsLookedUpBesideTheRequestsAndKept() {
        names.put("ops.example", List.of(address("10.0.0.1"), address("fd00::1")));
        AccessControl access = access(List.of("ops.example"), false);
        assertThat(permits(access, "10.0.0.1")).as("nobody has looked yet, and a request never waits").isFalse();
        access.keepHosts();
        assertThat(permits(access, "10.0.0.1")).isTrue();
        assertThat(permits(access, "fd00::1")).isTrue();
        assertThat(permits(access, "10.0.0.2")).isFalse();
        access.keepHosts();
        assertThat(lookups).containsExactly("ops.example");

        names.put("ops.example", List.of(address("10.0.0.2")));
        tasks.pass(Duration.ofSeconds(31));
        access.keepHosts();
        assertThat(permits(access, "10.0.0.1")).isFalse();
        assertThat(permits(access, "10.0.0.2")).isTrue();
    }

    @Test
    void aNameThatFailsKeepsItsLastAddresses() {
        names.put("ops.example", List.of(address("10.0.0.1")));
        AccessControl access = access(List.of("ops.example", "never.example"), false);
        access.keepHosts();
        names.clear();
        for (int i = 0; i < 3; i++) {
            tasks.pass(Duration.ofSeconds(31));
            access.keepHosts();
        }
        assertThat(permits(access, "10.0.0.1")).isTrue();
        assertThat(permits(access, "10.0.0.3")).isFalse();
        names.put("never.example", List.of(address("10.0.0.3")));
        tasks.pass(Duration.ofSeconds(6));
        access.keepHosts();
        assertThat(permits(access, "10.0.0.3")).isTrue();
    }

    @Test
    void aSlowNameServerHoldsNobody() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        HostAddresses hosts = new HostAddresses(Tasks.system(), host -> {
            try {
                answer.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            return List.of(address("10.0.0.1"));
        });
        hosts.keep(List.of("slow.example"));
        hosts.keep(List.of("slow.example"));
        assertThat(hosts.isOf("slow.example", address("10.0.0.1"))).isFalse();
        answer.countDown();
        org.awaitility.Awaitility.await().until(() -> hosts.isOf("slow.example", address("10.0.0.1")));
    }

    @Test
    void membersCountAsTheSnapshotNamesThem() {
        AccessControl access = access(List.of(), true);
        assertThat(permits(access, "10.9.0.1")).isFalse();
        cluster = cluster("http://10.9.0.1:8008/patroni", "https://[fd00::2]:8008/patroni",
                "http://pg_3.example:8008/patroni");
        assertThat(permits(access, "10.9.0.1")).as("at once, without a lookup").isTrue();
        assertThat(permits(access, "::ffff:10.9.0.1")).isTrue();
        assertThat(permits(access, "fd00::2")).isTrue();
        names.put("pg_3.example", List.of(address("10.9.0.3")));
        access.keepHosts();
        assertThat(permits(access, "10.9.0.3")).isTrue();
        cluster = cluster("http://10.9.0.7:8008/patroni");
        assertThat(permits(access, "10.9.0.1")).isFalse();
        assertThat(permits(access, "10.9.0.3")).isFalse();
        assertThat(permits(access, "10.9.0.7")).isTrue();
    }

    @Test
    void newSettingsCountAtOnce() {
        AccessControl access = access(List.of("10.0.0.0/24"), false);
        assertThat(permits(access, "10.0.0.9")).isTrue();
        access.reload(config(List.of("10.0.1.0/24", "ops.example"), false));
        assertThat(permits(access, "10.0.0.9")).isFalse();
        assertThat(permits(access, "10.0.1.9")).isTrue();
        assertThat(lookups).containsExactly("ops.example");
    }

    @Test
    void theChannelTellsWhereFrom() {
        AccessControl access = access(List.of("10.0.0.0/24"), false);
        assertThat(access.check(Route.Access.AUTHENTICATED, channel(new InetSocketAddress("10.0.0.4", 5)), null, false))
                .isEqualTo(new AccessVerdict.Permitted(new AccessVerdict.Caller(address("10.0.0.4"), Optional.empty(),
                        Optional.empty())));
        assertThat(access.check(Route.Access.AUTHENTICATED, channel(new InetSocketAddress("10.0.1.4", 5)), null, false))
                .isInstanceOf(AccessVerdict.Refused.class);
        assertThat(access.check(Route.Access.AUTHENTICATED, new EmbeddedChannel(), null, false))
                .isInstanceOf(AccessVerdict.Refused.class);
    }

    @ParameterizedTest
    @CsvSource({"http://10.0.0.1:8008/patroni,10.0.0.1", "https://[fd00::2]:8008/patroni,fd00::2",
            "http://pg_1:8008/patroni,pg_1", "http://user:word@db1.example:80/x,db1.example", "http://db1,db1",
            "http://db1?x,db1", "nonsense,''", "http://,''", "http://[fd00::2,''"})
    void hostsOfUrls(String url, String host) {
        assertThat(MemberHosts.hostOf(url)).isEqualTo(host);
    }

    @ParameterizedTest
    @CsvSource({"0.0.0.0,,false,true", "127.0.0.1,,false,false", "::1,,false,false", "10.0.0.1,,false,true",
            "10.0.0.1,,true,false", "10.0.0.1,OPTIONAL,false,false", "10.0.0.1,REQUIRED,false,false",
            "10.0.0.1,NONE,false,true"})
    void openToTheWorldIsTold(String listen, RestApiConfig.VerifyClient verify, boolean password, boolean told) {
        RestApiConfig plain = config(List.of(), false);
        RestApiConfig config = new RestApiConfig(plain.listen(), plain.connectAddress(),
                password
                        ? Optional.of(new org.jpatroni.config.NodeConfig.BasicCredentials("u",
                                new org.jpatroni.config.Secret("p")))
                        : Optional.empty(),
                Map.of(), Map.of(), "original", 0,
                Optional.ofNullable(verify).map(mode -> new RestApiConfig.Tls("c", Optional.empty(), Optional.empty(),
                        Optional.of("a"), Optional.empty(), mode)),
                List.of(), false);
        Optional<String> warning = AccessSettings.of(config)
                .warning(List.of(new InetSocketAddress(address(listen), 8008)));
        assertThat(warning.isPresent()).isEqualTo(told);
    }

    private AccessControl access(List<String> allowlist, boolean includeMembers) {
        HostAddresses hosts = new HostAddresses(tasks, host -> {
            lookups.add(host);
            List<InetAddress> known = names.get(host);
            if (known == null) {
                throw new UnknownHostException(host);
            }
            return known;
        });
        return new AccessControl(config(allowlist, includeMembers), () -> Optional.of(cluster), hosts);
    }

    private static RestApiConfig config(List<String> allowlist, boolean includeMembers) {
        RestApiConfig plain = ApiServer.config("127.0.0.1", 8008);
        return new RestApiConfig(plain.listen(), plain.connectAddress(), Optional.empty(), Map.of(), Map.of(),
                "original", 0, Optional.empty(), allowlist, includeMembers);
    }

    private static boolean permits(AccessControl access, String from) {
        return access.check(new AccessRules.Question(Route.Access.AUTHENTICATED, address(from), Optional.empty(), null,
                false)) instanceof AccessVerdict.Permitted;
    }

    private static InetAddress address(String literal) {
        return InetAddress.ofLiteral(literal);
    }

    private static EmbeddedChannel channel(InetSocketAddress remote) {
        return new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return remote;
            }
        };
    }

    private static ClusterSnapshot cluster(String... apiUrls) {
        List<Member> members = new ArrayList<>();
        for (String url : apiUrls) {
            members.add(new Member("node" + members.size(), Optional.of(url), Optional.empty(), Optional.empty(),
                    Optional.empty(), Optional.empty(), Optional.empty(), Tags.NONE, Optional.empty(),
                    Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.empty(), false,
                    Collections.emptyMap(), Collections.emptyMap(), false, false, false));
        }
        ClusterSnapshot empty = ClusterSnapshot.EMPTY;
        return new ClusterSnapshot(empty.initialize(), empty.config(), empty.leader(), empty.status(), members,
                empty.failover(), empty.sync(), empty.history(), empty.failsafe());
    }
}
