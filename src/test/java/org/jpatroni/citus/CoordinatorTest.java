package org.jpatroni.citus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jpatroni.citus.TableInMemory.demoted;
import static org.jpatroni.citus.TableInMemory.primary;
import static org.jpatroni.citus.TableInMemory.secondary;

import java.time.Duration;
import java.util.List;
import org.jpatroni.citus.NodeEvent.Kind;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CoordinatorTest {

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(500);

    private final TableInMemory table = new TableInMemory();
    private final Coordinator coordinator = new Coordinator(table, Tasks.system());

    @AfterEach
    void close() {
        coordinator.close();
    }

    private static DistGroup group(int number, DistNode... nodes) {
        return new DistGroup(number, List.of(nodes));
    }

    private static NodeEvent event(Kind kind, int group, Duration timeout) {
        return new NodeEvent(kind, group, "leader", timeout, Duration.ofSeconds(1));
    }

    private void eventually(int group, String rows) {
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(table.committed(group)).isEqualTo(rows));
    }

    @Test
    void groupsOfTheStoreAreRegistered() {
        coordinator.observe(group(0, primary("c")));
        coordinator.observe(group(1, primary("a"), secondary("b")));
        eventually(0, "1:c:5432:primary");
        eventually(1, "2:a:5432:primary 3:b:5432:secondary");
    }

    @Test
    void aSwitchoverPausesTheTrafficUntilTheNewPrimaryIsThere() throws InterruptedException {
        coordinator.observe(group(1, primary("a"), secondary("b")));
        eventually(1, "1:a:5432:primary 2:b:5432:secondary");
        assertThat(coordinator.announce(event(Kind.BEFORE_DEMOTE, 1, LONG), group(1, demoted("a"), secondary("b"))))
                .isTrue();
        assertThat(table.isInTransaction()).as("the caller goes on once the traffic waits").isTrue();
        coordinator.observe(group(1, primary("a"), secondary("b")));
        assertThat(coordinator.announce(event(Kind.BEFORE_PROMOTE, 1, LONG), group(1, primary("b")))).isTrue();
        assertThat(coordinator.announce(event(Kind.AFTER_PROMOTE, 1, LONG), group(1, primary("b")))).isTrue();
        eventually(1, "1:b:5432:primary 2:a:5432:secondary");
        assertThat(table.journal()).containsExactly("begin", "commit", "begin", "commit");
    }

    @Test
    void anotherGroupWaitsForAnOpenChangeNoLongerThanItsTime() throws InterruptedException {
        coordinator.observe(group(1, primary("a")));
        eventually(1, "1:a:5432:primary");
        assertThat(coordinator.announce(event(Kind.BEFORE_DEMOTE, 1, SHORT), group(1, demoted("a")))).isTrue();
        coordinator.observe(group(2, primary("x")));
        eventually(2, "2:x:5432:primary");
        assertThat(table.committed(1)).isEqualTo("1:a:5432:primary");
        assertThat(table.journal()).containsExactly("begin", "commit", "begin", "rollback", "begin", "commit");
    }

    @Test
    void afterALostConnectionTheNextCycleRepairs() {
        coordinator.observe(group(1, primary("a")));
        eventually(1, "1:a:5432:primary");
        table.breakOnce();
        coordinator.observe(group(1, primary("b")));
        await().atMost(Duration.ofSeconds(10)).until(() -> table.journal().contains("rollback"));
        coordinator.observe(group(1, primary("b")));
        eventually(1, "1:b:5432:primary");
    }

    @Test
    void whoDoesNotLeadTakesNoAnnouncements() throws InterruptedException {
        assertThat(coordinator.announce(event(Kind.BEFORE_DEMOTE, 1, LONG), group(1, demoted("a")))).isFalse();
        coordinator.observe(group(1, primary("a")));
        eventually(1, "1:a:5432:primary");
        assertThat(coordinator.announce(event(Kind.BEFORE_DEMOTE, 1, LONG), group(1, demoted("a")))).isTrue();
        coordinator.standDown();
        await().atMost(Duration.ofSeconds(10)).until(() -> table.journal().contains("rollback"));
        assertThat(coordinator.announce(event(Kind.AFTER_PROMOTE, 1, LONG), group(1, primary("a")))).isFalse();
    }
}
