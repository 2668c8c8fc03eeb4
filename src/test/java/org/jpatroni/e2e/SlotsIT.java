package org.jpatroni.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jpatroni.e2e.TestCluster.AFTER_LEASE;
import static org.jpatroni.e2e.TestCluster.SOON;
import static org.jpatroni.e2e.TestCluster.eventually;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jpatroni.dcs.etcd.EtcdServer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Permanent slots on real servers: a consumer of a logical slot goes on after the leader has changed, as if nothing had happened. */
class SlotsIT {

    private static final String SETTINGS = """
            {"slots": {"cdc": {"type": "logical", "database": "postgres", "plugin": "test_decoding"}, "keep": 0},
             "ignore_slots": [{"name": "mine", "type": "logical", "database": "postgres"}],
             "postgresql": {"parameters": {"wal_level": "logical", "max_slot_wal_keep_size": "48MB"}}}""";

    @AutoClose private final EtcdServer etcd = EtcdServer.start();

    @AutoClose
    @RegisterExtension final TestCluster cluster = new TestCluster(List.of("n1", "n2"),
            name -> "etcd3:\n  host: " + etcd.url().replace("http://", "") + "\n");

    private int nextRow = 1;

    @Test
    void slotsOutliveTheirLeader() throws Exception {
        cluster.startAll();
        TestNode first = cluster.awaitLeader(SOON);
        cluster.awaitWhole(first, SOON);
        TestNode second = cluster.but(first).getFirst();
        assertThat(first.send("PATCH", "/config", SETTINGS).status()).isEqualTo(200);
        for (TestNode node : List.of(second, first)) {
            eventually(node + " waits for a restart", SOON,
                    () -> assertThat(node.get("/patroni").body()).contains("pending_restart"));
            assertThat(node.post("/restart", "{}").status()).isEqualTo(200);
        }
        eventually("slots on both", SOON, () -> {
            assertThat(slots(first)).containsExactly("cdc test_decoding", "keep physical", second + " physical");
            assertThat(slots(second)).containsExactly("cdc test_decoding", "keep physical", first + " physical");
        });
        cluster.awaitWhole(first, SOON);
        first.execute("CREATE TABLE t (id int)");
        assertThat(consume(first)).isEmpty();
        lostSlotIsMadeAnew(first);

        insertAndConsume(first);
        first.execute("SELECT pg_create_logical_replication_slot(name, 'test_decoding')"
                + " FROM unnest(ARRAY['mine', 'foreign']) AS name");
        List<Integer> unread = insert(first);
        awaitInStep(first, second);
        awaitSafe(second);
        assertThat(first.post("/switchover", "{\"leader\": \"%s\", \"candidate\": \"%s\"}".formatted(first, second))
                .status()).isEqualTo(200);
        assertThat(consume(second)).as("neither lost nor seen twice").isEqualTo(unread);
        cluster.awaitWhole(second, SOON);
        eventually("what is ignored stays, what is foreign does not", SOON, () -> assertThat(slots(first))
                .containsExactly("cdc test_decoding", "keep physical", "mine test_decoding", second + " physical"));

        insertAndConsume(second);
        List<Integer> unreadAgain = insert(second);
        awaitInStep(second, first);
        eventually("WAL is there", SOON, () -> assertThat(first.query("SELECT max(id)::text FROM t"))
                .containsExactly(unreadAgain.getLast().toString()));
        cluster.remark("killing " + second);
        second.daemon.kill();
        second.killPostmaster();
        TestNode third = TestCluster.awaitLeaderAmong(List.of(first), AFTER_LEASE);
        eventually("it takes writes", SOON, () -> assertThat(third.isWritable()).isTrue());
        assertThat(consume(third)).isEqualTo(unreadAgain);
        second.daemon.start();
        cluster.awaitWhole(third, AFTER_LEASE);
        eventually("the slot is copied to whoever comes back", SOON,
                () -> assertThat(slots(second)).contains("cdc test_decoding", "keep physical"));
        insertAndConsume(third);
        awaitInStep(third, second);
        cluster.assertNoStackTraces();
    }

    /** More WAL than slots and wal_keep_size (128MB) keep: PostgreSQL gives the unused one up, and nobody else would make it anew. */
    private static void lostSlotIsMadeAnew(TestNode leader) throws SQLException {
        for (int segment = 0; segment < 12; segment++) {
            leader.execute("CREATE TABLE IF NOT EXISTS filler (x int); INSERT INTO filler VALUES (1)");
            leader.execute("SELECT pg_switch_wal()");
            leader.execute("CHECKPOINT");
            // Otherwise the other slot would be given up too: what it needs follows its consumer.
            consume(leader);
        }
        eventually("made anew", SOON, () -> {
            assertThat(leader.daemon.output()).contains("Dropped replication slot 'keep': the WAL that it needs is");
            assertThat(leader.query("SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'keep'"))
                    .containsExactly("reserved");
        });
    }

    private void insertAndConsume(TestNode leader) throws SQLException {
        List<Integer> rows = insert(leader);
        assertThat(consume(leader)).isEqualTo(rows);
    }

    private List<Integer> insert(TestNode leader) throws SQLException {
        List<Integer> rows = IntStream.range(nextRow, nextRow + 20).boxed().toList();
        nextRow += 20;
        for (int row : rows) {
            leader.execute("INSERT INTO t VALUES (" + row + ")");
        }
        return rows;
    }

    /** The rows of t that the consumer has not seen yet. */
    private static List<Integer> consume(TestNode leader) throws SQLException {
        List<Integer> rows = new ArrayList<>();
        for (String change : leader.query("SELECT data FROM pg_logical_slot_get_changes('cdc', NULL, NULL)")) {
            String mark = "table public.t: INSERT: id[integer]:";
            if (change.startsWith(mark)) {
                rows.add(Integer.valueOf(change.substring(mark.length())));
            }
        }
        return rows;
    }

    private static void awaitInStep(TestNode leader, TestNode replica) {
        String question = "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = 'cdc'";
        eventually("cdc of " + replica + " where that of " + leader + " is", SOON,
                () -> assertThat(replica.query(question)).isEqualTo(leader.query(question)));
    }

    /** The primary must know of the standby's needs before a promotion; that takes transactions and feedback. */
    private static void awaitSafe(TestNode replica) {
        eventually("cdc is safe", SOON, () -> assertThat(replica.daemon.output())
                .contains("Logical slot cdc is safe to be used after a failover"));
    }

    /** By name, with the plugin of a logical one. */
    private static List<String> slots(TestNode node) throws SQLException {
        return node.query("SELECT slot_name || ' ' || coalesce(plugin, 'physical') FROM pg_replication_slots"
                + " ORDER BY slot_name");
    }
}
