package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jpatroni.runtime.Time;
import org.jspecify.annotations.Nullable;

/** Which settings wait for a restart, and why, in the form of the member key and {@code /patroni}. */
public final class PendingRestart {

    /** The last line of a parameter wins; without any the built-in value counts. */
    private static final String QUERY = """
            SELECT s.name, pg_catalog.current_setting(s.name), s.unit, s.vartype, s.boot_val,
                   (SELECT f.setting FROM pg_catalog.pg_file_settings f
                     WHERE pg_catalog.lower(f.name) = pg_catalog.lower(s.name) ORDER BY f.seqno DESC LIMIT 1)
              FROM pg_catalog.pg_settings s
             WHERE s.pending_restart AND pg_catalog.lower(s.name) <> ALL (?)
             ORDER BY s.name""";

    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(2);

    private PendingRestart() {
    }

    /** {@code {old_value, new_value}} as Patroni writes it. */
    static Map<String, @Nullable Object> difference(String oldValue, String newValue) {
        Map<String, @Nullable Object> difference = new LinkedHashMap<>();
        difference.put("old_value", oldValue);
        difference.put("new_value", newValue);
        return Collections.unmodifiableMap(difference);
    }

    /**
     * Makes a running server read its files again and waits until this session's backend has done so.
     *
     * @param limit for all of it
     */
    public static void reload(SqlSession session, Time time, Duration limit) throws SQLException {
        Time.Deadline deadline = time.deadlineIn(limit);
        String loadTime = "(extract(epoch FROM pg_catalog.pg_conf_load_time()) * 1000000)::bigint";
        String reload = "SELECT " + loadTime + ", pg_catalog.pg_reload_conf()";
        long before = session.queryOne(reload, limit, row -> row.getLong(1));
        while (session.queryOne("SELECT " + loadTime, limit, row -> row.getLong(1)) == before && !deadline.isPast()) {
            try {
                time.sleep(BETWEEN_LOOKS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Asks a running server what waits for a restart; name to {@code {old_value, new_value}}, sorted by name. */
    public static Map<String, @Nullable Object> query(SqlSession session, Duration limit) throws SQLException {
        Map<String, @Nullable Object> pending = new TreeMap<>();
        List<String> ignored = new ArrayList<>(RecoverySettings.NAMES);
        ignored.add("hot_standby");
        session.query(QUERY, limit, row -> {
            String unit = row.getString(3);
            String type = row.getString(4);
            String file = row.getString(6);
            String boot = row.getString(5);
            String wanted = file != null ? file : boot == null ? "" : boot;
            return pending.put(row.getString(1), difference(row.getString(2), shown(wanted, type, unit)));
        }, (Object) ignored.toArray(new String[0]));
        return pending;
    }

    /** In the form of {@code current_setting}: a wanted value may come with another unit or another spelling. */
    static String shown(String wanted, String type, @Nullable String unit) {
        return switch (type) {
            case "integer" -> {
                var number = SettingUnits.integer(wanted, unit);
                yield number.isPresent()
                        ? SettingUnits.shown(Long.toString((long) number.getAsDouble()), type, unit)
                        : wanted;
            }
            case "bool" -> SettingUnits.bool(wanted).map(on -> on ? "on" : "off").orElse(wanted);
            default -> wanted;
        };
    }
}
