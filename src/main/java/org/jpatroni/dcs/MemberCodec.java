package org.jpatroni.dcs;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.json.PythonJson;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.PostgresRole;
import org.jpatroni.model.Tags;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;

/** The JSON of a member key: fields in the order in which Patroni 4.1 writes them, absent ones left out. */
public final class MemberCodec {

    private MemberCodec() {
    }

    /** The text to store. */
    public static String encode(Member member) {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        member.connUrl().ifPresent(url -> tree.put("conn_url", url));
        member.apiUrl().ifPresent(url -> tree.put("api_url", url));
        member.state().ifPresent(state -> tree.put("state", state));
        member.role().ifPresent(role -> tree.put("role", role));
        member.version().ifPresent(version -> tree.put("version", version));
        member.proxyUrl().ifPresent(url -> tree.put("proxy_url", url));
        if (member.checkpointAfterPromotePending()) {
            // Only ever written as false: that the field is gone says that the checkpoint has happened.
            tree.put("checkpoint_after_promote", false);
        }
        if (!member.tags().isEmpty()) {
            tree.put("tags", member.tags().values());
        }
        if (member.pendingRestart()) {
            tree.put("pending_restart", true);
        }
        if (!member.pendingRestartReason().isEmpty()) {
            tree.put("pending_restart_reason", member.pendingRestartReason());
        }
        member.xlogLocation().ifPresent(lsn -> tree.put("xlog_location", lsn.bytes()));
        member.replayLsn().ifPresent(lsn -> tree.put("replay_lsn", lsn.bytes()));
        member.receiveLsn().ifPresent(lsn -> tree.put("receive_lsn", lsn.bytes()));
        member.replicationState().ifPresent(state -> tree.put("replication_state", state));
        member.timeline().ifPresent(timeline -> tree.put("timeline", timeline));
        if (!member.scheduledRestart().isEmpty()) {
            tree.put("scheduled_restart", member.scheduledRestart());
        }
        if (member.paused()) {
            tree.put("pause", true);
        }
        return PythonJson.writeCompact(tree);
    }

    /** Reads what any version of Patroni wrote; fields of an unexpected type count as absent. */
    public static Member decode(String name, String text) {
        if (text.startsWith("postgres")) {
            return ofConnectionString(name, text);
        }
        Map<String, @Nullable Object> tree = StoredJson.readObject(text).map(Tree::copyOf)
                .orElse(Tree.copyOf(Map.of()));
        return new Member(name, field(tree, "api_url"), connUrl(tree), field(tree, "proxy_url"), field(tree, "state"),
                field(tree, "role").map(MemberCodec::role), field(tree, "version"), new Tags(Tree.mapAt(tree, "tags")),
                position(tree, "xlog_location"), position(tree, "receive_lsn"), position(tree, "replay_lsn"),
                field(tree, "replication_state"), ClusterCodec.smallInteger(tree.get("timeline")),
                isTrue(tree, "pending_restart"), Tree.mapAt(tree, "pending_restart_reason"),
                Tree.mapAt(tree, "scheduled_restart"), tree.containsKey("checkpoint_after_promote"),
                isTrue(tree, "watchdog_failed"), isTrue(tree, "pause"));
    }

    private static Optional<String> connUrl(Map<String, @Nullable Object> tree) {
        Optional<String> url = field(tree, "conn_url").filter(text -> !text.isEmpty());
        if (url.isPresent()) {
            return url;
        }
        Map<String, @Nullable Object> arguments = Tree.mapAt(tree, "conn_kwargs");
        Object host = arguments.get("host");
        return host == null
                ? Optional.empty()
                : Optional.of("postgresql://" + host + ":" + arguments.getOrDefault("port", 5432));
    }

    private static String role(String text) {
        return PostgresRole.ofWireText(text).map(PostgresRole::wireText).orElse(text);
    }

    /** The oldest form: the connection string itself, with the API's URL as application name. */
    private static Member ofConnectionString(String name, String text) {
        int question = text.indexOf('?');
        String url = question < 0 ? text : text.substring(0, question);
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("conn_url", url);
        for (String pair : question < 0 ? new String[0] : text.substring(question + 1).split("&", -1)) {
            if (pair.startsWith("application_name=")) {
                tree.putIfAbsent("api_url", decodeUrl(pair.substring("application_name=".length())));
            }
        }
        return decode(name, PythonJson.writeCompact(tree));
    }

    private static String decodeUrl(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notEncoded) {
            return text;
        }
    }

    private static Optional<String> field(Map<String, @Nullable Object> tree, String name) {
        return ClusterCodec.text(tree.get(name));
    }

    private static Optional<Lsn> position(Map<String, @Nullable Object> tree, String name) {
        return ClusterCodec.lsn(tree.get(name));
    }

    private static boolean isTrue(Map<String, @Nullable Object> tree, String name) {
        return Boolean.TRUE.equals(tree.get(name));
    }
}
