package org.jpatroni.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The meaning of the known tags, and which of them are shown. */
class TagsTest {

    private static Tags tags(Object... pairs) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            values.put((String) pairs[i], pairs[i + 1]);
        }
        return new Tags(values);
    }

    /** Patroni: the boolean tag takes precedence over the priority; together with a false one the priority counts if it is positive. */
    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {"-, -, false, 1", "true, -, true, 0", "false, -, false, 1", "-, 0, true, 0",
            "-, -5, true, 0", "-, 3, false, 3", "true, 3, true, 0", "false, 3, false, 3", "false, 0, false, 1",
            "-, nonsense, false, 1"})
    void nofailoverAndPriority(@Nullable String nofailover, @Nullable String priority, boolean never, int effective) {
        Tags failover = of("nofailover", nofailover, "failover_priority", priority);
        assertThat(failover.nofailover()).isEqualTo(never);
        assertThat(failover.failoverPriority()).isEqualTo(effective);
        Tags sync = of("nosync", nofailover, "sync_priority", priority);
        assertThat(sync.nosync()).isEqualTo(never);
        assertThat(sync.syncPriority()).isEqualTo(effective);
    }

    private static Tags of(String booleanName, @Nullable String bool, String priorityName,
            @Nullable String priority) {
        Map<String, Object> values = new LinkedHashMap<>();
        if (bool != null) {
            values.put(booleanName, Boolean.valueOf(bool));
        }
        if (priority != null) {
            values.put(priorityName, priority);
        }
        return new Tags(values);
    }

    @Test
    void numbersMayBeTextOrNumber() {
        assertThat(tags("failover_priority", 2).failoverPriority()).isEqualTo(2);
        assertThat(tags("failover_priority", "2").failoverPriority()).isEqualTo(2);
        assertThat(tags("failover_priority", 2L).failoverPriority()).isEqualTo(2);
    }

    @Test
    void otherKnownTags() {
        Tags all = tags("clonefrom", true, "noloadbalance", "on", "nostream", 1, "replicatefrom", "b");
        assertThat(all.clonefrom() && all.noloadbalance() && all.nostream()).isTrue();
        assertThat(all.replicatefrom()).contains("b");
        Tags off = tags("clonefrom", false, "noloadbalance", "off", "nostream", 0, "replicatefrom", "");
        assertThat(off.clonefrom() || off.noloadbalance() || off.nostream()).isFalse();
        assertThat(off.replicatefrom()).isEmpty();
        assertThat(Tags.NONE.clonefrom() || Tags.NONE.nofailover() || Tags.NONE.nosync()).isFalse();
    }

    @Test
    void falseBooleansAreNotShownExceptBesideAPriority() {
        assertThat(tags("clonefrom", false, "noloadbalance", false, "nostream", false, "nofailover", false, "nosync",
                false,
                "datacenter", "x", "key", false).effective()).isEqualTo(tags("datacenter", "x", "key", false));
        Tags beside = tags("failover_priority", "1", "nofailover", false, "nosync", false, "sync_priority", 2);
        assertThat(beside.effective()).isEqualTo(beside);
        Tags shown = tags("clonefrom", true, "nofailover", true);
        assertThat(shown.effective()).isEqualTo(shown);
    }
}
