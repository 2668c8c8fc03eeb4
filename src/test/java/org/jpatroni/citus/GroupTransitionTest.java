package org.jpatroni.citus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.citus.TableInMemory.demoted;
import static org.jpatroni.citus.TableInMemory.primary;
import static org.jpatroni.citus.TableInMemory.secondary;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GroupTransitionTest {

    private static final Duration COOLDOWN = Duration.ofSeconds(1);
    private static final List<String> HOSTS = List.of("a", "b", "c", "d", "e");

    private final TableInMemory table = new TableInMemory();

    @Test
    void aNewGroupIsAdded() throws SQLException {
        settle(primary("a"), secondary("b"));
        assertThat(table.committed(1)).isEqualTo("1:a:5432:primary 2:b:5432:secondary");
    }

    @Test
    void aSwitchoverKeepsTheRowOfThePrimaryAndPausesItsTraffic() throws SQLException {
        settle(primary("a"), secondary("b"));
        table.begin();
        boolean moved = apply(false, demoted("a"), secondary("b"));
        assertThat(known().primary().map(DistNode::nodeName)).contains("a-demoted");
        moved = apply(moved, primary("b"));
        table.commit();
        assertThat(moved).isTrue();
        assertThat(table.committed(1)).isEqualTo("1:b:5432:primary 2:a:5432:secondary");
        settle(primary("b"), secondary("a"));
        assertThat(table.committed(1)).isEqualTo("1:b:5432:primary 2:a:5432:secondary");
    }

    @Test
    void aGoneSecondaryGivesItsRowToANewOne() throws SQLException {
        settle(primary("a"), secondary("b"));
        settle(primary("a"), secondary("c"));
        assertThat(table.committed(1)).isEqualTo("1:a:5432:primary 2:c:5432:secondary");
    }

    @Test
    void afterAFailoverTheLostPrimaryIsTakenOutInASecondStep() throws SQLException {
        settle(primary("a"), secondary("b"));
        step(primary("b"));
        assertThat(table.committed(1)).isEqualTo("1:b:5432:primary 2:a:5432:secondary");
        step(primary("b"));
        assertThat(table.committed(1)).isEqualTo("1:b:5432:primary");
    }

    @Test
    void aPrimaryThatWasNoSecondaryTakesTheRow() throws SQLException {
        settle(primary("a"));
        settle(primary("b"), secondary("a"));
        assertThat(table.committed(1)).isEqualTo("1:b:5432:primary 2:a:5432:secondary");
    }

    @Test
    void fromAnyGroupToAnyOtherNoRuleIsBrokenAndThePrimaryKeepsItsRow() throws SQLException {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            DistNode[] wanted = randomGroup(random);
            OptionalInt before = TableInMemory.idOfPrimary(known());
            if (random.nextInt(4) == 0 && before.isPresent()) {
                String host = known().primary().orElseThrow().host();
                table.begin();
                boolean moved = apply(false, demoted(host));
                apply(moved, wanted);
                table.commit();
            }
            settle(wanted);
            if (before.isPresent()) {
                assertThat(TableInMemory.idOfPrimary(known())).isEqualTo(before);
            }
        }
    }

    private static DistNode[] randomGroup(Random random) {
        List<String> hosts = new ArrayList<>(HOSTS);
        Collections.shuffle(hosts, random);
        List<DistNode> nodes = new ArrayList<>(List.of(primary(hosts.getFirst())));
        hosts.subList(1, 1 + random.nextInt(hosts.size())).forEach(host -> nodes.add(secondary(host)));
        return nodes.toArray(DistNode[]::new);
    }

    private DistGroup known() {
        return table.load().getOrDefault(1, new DistGroup(1, List.of()));
    }

    private boolean apply(boolean moved, DistNode... wanted) throws SQLException {
        GroupTransition transition = GroupTransition.plan(known(), new DistGroup(1, List.of(wanted)), moved);
        for (RowChange change : transition.changes()) {
            table.change(change, COOLDOWN);
        }
        return transition.primaryChanged();
    }

    private void step(DistNode... wanted) throws SQLException {
        table.begin();
        apply(false, wanted);
        table.commit();
    }

    /** At most three transactions lead to what is wanted, and there it stays. */
    private void settle(DistNode... wanted) throws SQLException {
        for (int i = 0; i < 3; i++) {
            step(wanted);
        }
        assertThat(shown(known())).isEqualTo(shown(new DistGroup(1, List.of(wanted))));
    }

    private static String shown(DistGroup group) {
        return group.nodes().stream().map(node -> node.nodeName() + " " + node.role()).sorted()
                .collect(Collectors.joining(", "));
    }
}
