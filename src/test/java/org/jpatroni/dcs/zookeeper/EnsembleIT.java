package org.jpatroni.dcs.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.jpatroni.dcs.Cas;
import org.jpatroni.dcs.KeyValueClient.Change.Put;
import org.jpatroni.dcs.KeyValueClient.Expect;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three embedded members in this process. */
class EnsembleIT {

    private static final String KEY = "/service/ensemble/leader";

    @TempDir
    Path folder = Path.of("unset");

    @Test
    void membersComeInAnyOrderAndServeSoon() throws Exception {
        try (TestEnsemble ensemble = TestEnsemble.of(folder, "a", "b", "c")) {
            ensemble.start("c");
            Time.system().sleep(Duration.ofSeconds(2));
            assertThat(ensemble.allServe()).isFalse();
            long start = Time.system().nanos();
            ensemble.start("a");
            ensemble.start("b");
            await("three members serve", ensemble::allServe);
            System.out.println("MEASURE serve after " + (Time.system().nanos() - start) / 1_000_000 + " ms");
            try (ZooKeeperClient client = ensemble.client("a", 10)) {
                start = Time.system().nanos();
                assertThat(client.refreshSession()).isInstanceOf(Cas.Won.class);
                System.out.println("MEASURE session after " + (Time.system().nanos() - start) / 1_000_000 + " ms");
                assertThat(put(client, "1")).isInstanceOf(Cas.Won.class);
            }
        }
    }

    @Test
    void writesGoOnWhenTheLeadingMemberIsGone() throws Exception {
        try (TestEnsemble ensemble = TestEnsemble.of(folder, "a", "b", "c")) {
            for (String name : List.of("a", "b", "c")) {
                ensemble.start(name);
            }
            long start = Time.system().nanos();
            await("three members serve", ensemble::allServe);
            System.out.println("MEASURE all serve after " + (Time.system().nanos() - start) / 1_000_000 + " ms");
            String leading = ensemble.inState("leading").orElseThrow();
            String other = leading.equals("a") ? "b" : "a";
            try (ZooKeeperClient atLeader = ensemble.client(leading, 10); ZooKeeperClient client = ensemble.client(other, 10)) {
                assertThat(client.refreshSession()).isInstanceOf(Cas.Won.class);
                assertThat(atLeader.refreshSession()).isInstanceOf(Cas.Won.class);
                assertThat(put(client, "1")).isInstanceOf(Cas.Won.class);
                start = Time.system().nanos();
                ensemble.stop(leading);
                System.out.println("MEASURE stop took " + (Time.system().nanos() - start) / 1_000_000 + " ms");
                await("writing again", () -> client.transact(List.of(new Expect.OwnSession(KEY)), List.of()).isWon());
                System.out.println("MEASURE writing again after " + (Time.system().nanos() - start) / 1_000_000 + " ms");
                await("the client of the stopped member moved", () -> atLeader.refreshSession().isWon());
                System.out.println("MEASURE moved after " + (Time.system().nanos() - start) / 1_000_000 + " ms");
                assertThat(atLeader.get(KEY).orElseThrow().value()).isEqualTo("1");
                ensemble.start(leading);
                await("the member is back", ensemble::allServe);
            }
        }
    }

    private static Cas<?> put(ZooKeeperClient client, String value) {
        return client.transact(List.of(), List.of(new Put(KEY, value, true)));
    }

    private static void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(40)).pollInterval(Duration.ofMillis(20)).until(condition);
    }
}
