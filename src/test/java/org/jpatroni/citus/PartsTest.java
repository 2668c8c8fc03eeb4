package org.jpatroni.citus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jpatroni.citus.DistNode.Role;
import org.jpatroni.citus.NodeEvent.Kind;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.DynamicConfig;
import org.jpatroni.model.LeaderKey;
import org.jpatroni.model.Member;
import org.jpatroni.model.Tags;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.Test;

/** What a node of each kind makes of what its agent tells it. */
class PartsTest {

    private final TableInMemory table = new TableInMemory();
    private final SortedMap<Integer, ClusterSnapshot> store = new TreeMap<>();
    private boolean storeAnswers = true;
    private final Groups groups = new Groups() {
        @Override
        public Optional<SortedMap<Integer, ClusterSnapshot>> all() {
            return storeAnswers ? Optional.of(store) : Optional.empty();
        }

        @Override
        public Optional<ClusterSnapshot> coordinator() {
            return storeAnswers ? Optional.ofNullable(store.get(0)) : Optional.empty();
        }
    };

    private static Member member(String name, String role, String state, Tags tags) {
        Member empty = Member.named(name);
        return new Member(name, Optional.of("http://" + name + ":8008/patroni"),
                Optional.of("postgres://" + name + ":5432/postgres"), Optional.empty(), Optional.of(state),
                Optional.of(role), Optional.empty(), tags, Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty(), empty.timeline(), false, Collections.emptyMap(), Collections.emptyMap(), false,
                false, false);
    }

    private static ClusterSnapshot group(String leader, Member... members) {
        ClusterSnapshot empty = ClusterSnapshot.EMPTY;
        return new ClusterSnapshot(empty.initialize(), empty.config(),
                Optional.of(new LeaderKey(leader, 1, "1", false)), empty.status(), List.of(members), empty.failover(),
                empty.sync(), empty.history(), empty.failsafe());
    }

    private static Member primary(String name) {
        return member(name, "primary", "running", Tags.NONE);
    }

    private static Member replica(String name) {
        return member(name, "replica", "running", Tags.NONE);
    }

    @Test
    void onlyWhoRunsAndMayBeAskedIsASecondary() {
        ClusterSnapshot group = group("a", primary("a"), replica("b"), member("c", "replica", "stopped", Tags.NONE),
                member("d", "replica", "running", new Tags(Collections.singletonMap("noloadbalance", true))));
        assertThat(Groups.rows(1, group, Role.PRIMARY).orElseThrow().nodes()).extracting(DistNode::host)
                .containsExactly("a", "b");
        assertThat(Groups.rows(1, ClusterSnapshot.EMPTY, Role.PRIMARY)).isEmpty();
        assertThat(Groups.hasPrimary(group("b", replica("b")))).isFalse();
    }

    @Test
    void theCoordinatorRegistersAllGroupsAndPausesOneForASwitchover() throws InterruptedException {
        store.put(0, group("c", primary("c")));
        store.put(1, group("a", primary("a"), replica("b")));
        store.put(2, group("x", replica("x")));
        try (CoordinatorPart part = new CoordinatorPart(new Coordinator(table, Tasks.system()), groups,
                Tasks.system())) {
            part.leads(group("c", primary("c")));
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> table.committed(0).contains("c") && table.committed(1).contains("b"));
            assertThat(table.committed(2)).as("has no primary yet").isEmpty();
            part.announce(event(Kind.BEFORE_DEMOTE, "b"));
            assertThat(table.isInTransaction()).as("b does not lead").isFalse();
            part.announce(event(Kind.BEFORE_DEMOTE, "a"));
            assertThat(table.isInTransaction()).isTrue();
            part.beforeDemote();
            await().atMost(Duration.ofSeconds(10)).until(() -> table.journal().contains("rollback"));
        }
    }

    private static NodeEvent event(Kind kind, String leader) {
        return new NodeEvent(kind, 1, leader, Duration.ofSeconds(30), Duration.ofSeconds(1));
    }

    @Test
    void aWorkerTellsTheCoordinatorsLeaderAndGoesOnWhateverBecomesOfIt() {
        List<String> calls = Collections.synchronizedList(new ArrayList<>());
        WorkerPart part = new WorkerPart(3, "w", groups, () -> DynamicConfig.DEFAULT, (coordinator, event, limit) -> {
            calls.add(coordinator.name() + " " + event.kind().wireText() + " " + event.group() + " " + event.leader()
                    + " " + event.timeout().toSeconds() + " " + event.cooldown().toSeconds() + " " + limit.toSeconds());
            throw new IOException("refused");
        }, Tasks.system());
        part.beforeDemote();
        assertThat(calls).as("there is no coordinator").isEmpty();
        store.put(0, group("c", primary("c")));
        part.beforeDemote();
        part.beforePromote();
        part.afterPromote();
        await().atMost(Duration.ofSeconds(10)).until(() -> calls.size() == 3);
        assertThat(calls).containsExactly("c before_demote 3 w 30 10 30", "c before_promote 3 w 30 10 2",
                "c after_promote 3 w 30 10 2");
        storeAnswers = false;
        part.beforePromote();
        assertThat(calls).hasSize(3);
    }
}
