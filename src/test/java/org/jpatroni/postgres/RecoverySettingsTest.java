package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jpatroni.config.PostgresSettings;
import org.jpatroni.model.DynamicConfig.StandbyCluster;
import org.jpatroni.model.PostgresView.Replication;
import org.jpatroni.model.Upstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoverySettingsTest {

    private static final Upstream NODE0 = new Upstream.OfMember(
            ServerSettingsTest.member("node0", "postgres://127.0.0.1:5432/postgres"), Optional.of("node1"));

    @TempDir Path folder;

    private RecoverySettings settings;

    @BeforeEach
    void settings() throws IOException {
        settings = make(Configurations.settings(Map.of()), 15);
    }

    private RecoverySettings make(PostgresSettings wanted, int majorVersion) throws IOException {
        Path data = folder.resolve("data");
        Files.createDirectories(data);
        return new RecoverySettings(Configurations.config(data, 5433, false), wanted, "node1",
                new PgPass(folder.resolve("pgpass"), data), () -> majorVersion);
    }

    private static Replication running(String conninfo, String slot) {
        return new Replication(true, OptionalInt.of(1), Optional.empty(), Optional.empty(), Optional.empty(), false,
                Optional.of("streaming"), Optional.of(conninfo).filter(text -> !text.isEmpty()),
                Optional.of(slot).filter(text -> !text.isEmpty()), false, Collections.emptySortedMap(), 150000,
                Optional.empty());
    }

    /** As pg_stat_wal_receiver shows it. */
    private String receiver(String host, String port) {
        return "user=replicator passfile=" + folder + "/pgpass channel_binding=prefer dbname=replication host=" + host
                + " port=" + port + " application_name=node1 fallback_application_name=batman sslmode=prefer"
                + " sslcompression=0 sslsni=1 ssl_min_protocol_version=TLSv1.2 gssencmode=prefer krbsrvname=postgres"
                + " target_session_attrs=any";
    }

    @Test
    void aReceiverOfTheUpstreamMatches() throws IOException {
        settings.write(Optional.of(NODE0));
        assertThat(settings.matches(NODE0, running(receiver("127.0.0.1", "5432"), "node1"))).isTrue();
    }

    @Test
    void anotherHostPortSlotOrUserDoesNotMatch() throws IOException {
        settings.write(Optional.of(NODE0));
        assertThat(settings.matches(NODE0, running(receiver("127.0.0.2", "5432"), "node1"))).isFalse();
        assertThat(settings.matches(NODE0, running(receiver("127.0.0.1", "5439"), "node1"))).isFalse();
        assertThat(settings.matches(NODE0, running(receiver("127.0.0.1", "5432"), "other"))).isFalse();
        assertThat(settings.matches(NODE0, running(receiver("127.0.0.1", "5432"), ""))).isFalse();
        assertThat(settings.matches(NODE0,
                running(receiver("127.0.0.1", "5432").replace("user=replicator", "user=u"), "node1"))).isFalse();
        assertThat(settings.matches(NODE0, running("", ""))).isFalse();
    }

    @Test
    void aPasswordFileForAnotherHostDoesNotMatch() throws IOException {
        settings.write(Optional.of(NODE0));
        Files.writeString(folder.resolve("pgpass"), "elsewhere:5432:*:replicator:rep-pass\n");
        assertThat(settings.matches(NODE0, running(receiver("127.0.0.1", "5432"), "node1"))).isFalse();
    }

    @Test
    void nobodyMatchesOnlyNoConnection() throws IOException {
        Upstream nobody = new Upstream.Nobody();
        settings.write(Optional.of(nobody));
        assertThat(settings.matches(nobody, running("", ""))).isTrue();
        assertThat(settings.matches(nobody, running(receiver("127.0.0.1", "5432"), "node1"))).isFalse();
        assertThat(settings.lines()).doesNotContainKey("primary_conninfo").containsKey("recovery_target_timeline");
    }

    @Test
    void aStandbyClusterBringsItsOwnCommands() throws IOException {
        PostgresSettings wanted = Configurations.settings(Map.of(), List.of(), Map.of("recovery_conf",
                Map.of("restore_command", "old", "recovery_target_time", "2020-01-01", "primary_conninfo", "host=x")));
        RecoverySettings standbyLeader = make(wanted, 17);
        standbyLeader.want(wanted, Optional.of(new StandbyCluster(Optional.of("a,b"), Optional.of("5432"),
                Optional.of("slot"), List.of(), Optional.of("new %f"), Optional.empty(), Optional.of("5min"))));
        Map<String, String> lines = standbyLeader.wanted(new Upstream.Remote("a,b", "5432", Optional.of("slot")));
        assertThat(lines).containsEntry("restore_command", "new %f").containsEntry("recovery_min_apply_delay", "5min")
                .containsEntry("recovery_target_time", "").containsEntry("primary_slot_name", "slot");
        assertThat(lines.get("primary_conninfo")).contains("host=a,b port=5432").endsWith(
                "gssencmode=prefer channel_binding=prefer target_session_attrs=read-write sslnegotiation=postgres");
        assertThat(standbyLeader.wanted(NODE0)).as("a cascading replica uses the same archive, without the delay")
                .containsEntry("restore_command", "new %f").doesNotContainKey("recovery_min_apply_delay");
        assertThat(standbyLeader.wanted(new Upstream.Archive())).containsEntry("restore_command", "new %f")
                .containsEntry("recovery_min_apply_delay", "5min").doesNotContainKey("primary_conninfo");
    }

    @Test
    void theLinesOfAStandbyFollowTheConfiguration() throws IOException {
        settings.write(Optional.of(NODE0));
        PostgresSettings changed = Configurations.settings(Map.of("restore_command", "fetch %f"));
        settings.want(changed, Optional.empty());
        assertThat(settings.lines()).containsEntry("restore_command", "fetch %f").containsKey("primary_conninfo");
        settings.want(Configurations.settings(Map.of()), Optional.empty());
        assertThat(settings.lines()).doesNotContainKey("restore_command").containsKey("primary_conninfo");
        settings.write(Optional.empty());
        settings.want(changed, Optional.empty());
        assertThat(settings.lines()).as("a primary").isEmpty();
    }

    @Test
    void theLinesOfAnEarlierAgentKeepTheirUpstreamAndFollowTheConfigurationOtherwise() throws IOException {
        settings.write(Optional.of(NODE0));
        settings.adopt(Map.of("primary_conninfo", "host=h", "primary_slot_name", "s", "restore_command", "old",
                "recovery_target_timeline", "latest", "work_mem", "1MB"));
        settings.want(Configurations.settings(Map.of("archive_cleanup_command", "clean %r")), Optional.empty());
        assertThat(settings.lines()).isEqualTo(Map.of("primary_conninfo", "host=h", "primary_slot_name", "s",
                "recovery_target_timeline", "latest", "archive_cleanup_command", "clean %r"));
    }

    @Test
    void theLinesThatRecoverABackupDoNotFollowTheConfiguration() throws IOException {
        Map<String, String> recovery = Map.of("restore_command", "fetch %f", "recovery_target_action", "promote");
        settings.fix(recovery);
        settings.want(Configurations.settings(Map.of("restore_command", "other")), Optional.empty());
        assertThat(settings.lines()).isEqualTo(recovery);
    }

    @Test
    void noPasswordIsWrittenIntoTheLines() throws IOException {
        settings.write(Optional.of(NODE0));
        assertThat(settings.lines().toString()).doesNotContain("rep-pass");
    }
}
