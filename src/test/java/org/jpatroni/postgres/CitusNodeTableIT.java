package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jpatroni.postgres.TestServer.LIMIT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.jpatroni.citus.DistGroup;
import org.jpatroni.citus.DistNode;
import org.jpatroni.citus.DistNode.Role;
import org.jpatroni.citus.RowChange;
import org.jpatroni.testing.UnprivilegedUser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The statements against a real server, whose functions have the names and arguments of Citus and do the simple part of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class CitusNodeTableIT {

    private static final Duration COOLDOWN = Duration.ofSeconds(1);

    private static final String[] EXTENSION = {"SET allow_system_table_mods = on",
            "CREATE TYPE pg_catalog.noderole AS ENUM ('primary', 'secondary', 'unavailable')",
            """
                    CREATE TABLE pg_catalog.pg_dist_node (nodeid serial, groupid int, nodename text, nodeport int,
                        noderole pg_catalog.noderole, UNIQUE (nodename, nodeport))""",
            """
                    CREATE FUNCTION pg_catalog.citus_update_node(node_id int, new_node_name text, new_node_port int,
                        force bool DEFAULT false, lock_cooldown int DEFAULT 10000) RETURNS void LANGUAGE sql AS
                    'UPDATE pg_catalog.pg_dist_node SET nodename = new_node_name, nodeport = new_node_port
                        WHERE nodeid = node_id'""",
            """
                    CREATE FUNCTION pg_catalog.citus_add_node(nodename text, nodeport int, groupid int,
                        noderole pg_catalog.noderole, nodecluster name) RETURNS int LANGUAGE sql AS
                    'INSERT INTO pg_catalog.pg_dist_node (groupid, nodename, nodeport, noderole)
                        VALUES ($3, $1, $2, $4) RETURNING nodeid'""",
            """
                    CREATE FUNCTION pg_catalog.citus_remove_node(nodename text, nodeport int) RETURNS void LANGUAGE sql AS
                    'DELETE FROM pg_catalog.pg_dist_node n WHERE n.nodename = $1 AND n.nodeport = $2'""",
            "RESET allow_system_table_mods"};

    private final Path folder = UnprivilegedUser.newFolder("citus");
    private final TestServer server = server();

    private TestServer server() {
        try {
            int port = TestServer.freePort();
            Path data = folder.resolve("data");
            return new TestServer(TestServer.debianBinaries(), data, port, Configurations.config(data, port, true),
                    Configurations.settings(TestServer.parameters(folder)), "node0", 15);
        } catch (IOException noPort) {
            throw new UncheckedIOException(noPort);
        }
    }

    @BeforeAll
    void start() throws Exception {
        server.initdb();
        server.start(Optional.empty(), Map.of());
        try (SqlSession session = session()) {
            session.execute(LIMIT, EXTENSION);
        }
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
        UnprivilegedUser.delete(folder);
    }

    private SqlSession session() {
        return server.session(server.connections.superuser());
    }

    @Test
    void rowsComeChangeAndGo() throws SQLException {
        try (CitusNodeTable table = new CitusNodeTable(session())) {
            table.begin();
            table.change(new RowChange.Add(7, DistNode.wanted("a", 5432, Role.PRIMARY)), COOLDOWN);
            table.change(new RowChange.Add(7, DistNode.wanted("b", 5433, Role.SECONDARY)), COOLDOWN);
            table.commit();
            List<DistNode> rows = nodes(table, 7);
            assertThat(rows).extracting(DistNode::host).containsExactlyInAnyOrder("a", "b");
            int primary = rows.stream().filter(DistNode::isPrimary).findFirst().map(DistNode::nodeId)
                    .map(OptionalInt::getAsInt).orElseThrow();
            table.begin();
            table.change(new RowChange.Update(primary, "a-demoted", 5432), COOLDOWN);
            assertThat(nodes(table, 7)).contains(new DistNode(OptionalInt.of(primary), "a", 5432, Role.DEMOTED));
            table.rollback();
            table.begin();
            table.change(new RowChange.Remove("b", 5433), COOLDOWN);
            table.commit();
            assertThat(nodes(table, 7))
                    .containsExactly(new DistNode(OptionalInt.of(primary), "a", 5432, Role.PRIMARY));
        }
    }

    @Test
    void whatComesAfterALostConnectionIsNotDoneOnAnotherOne() throws SQLException {
        SqlSession session = session();
        try (CitusNodeTable table = new CitusNodeTable(session)) {
            table.begin();
            table.change(new RowChange.Add(8, DistNode.wanted("c", 5432, Role.PRIMARY)), COOLDOWN);
            session.disconnect();
            assertThatThrownBy(
                    () -> table.change(new RowChange.Add(8, DistNode.wanted("d", 5432, Role.SECONDARY)), COOLDOWN))
                    .isInstanceOf(SQLException.class);
            assertThatThrownBy(table::commit).isInstanceOf(SQLException.class);
            assertThat(nodes(table, 8)).as("after the end of the transaction the next connection is made").isEmpty();
        }
    }

    private static List<DistNode> nodes(CitusNodeTable table, int group) throws SQLException {
        return table.load().getOrDefault(group, new DistGroup(group, List.of())).nodes();
    }
}
