package org.jpatroni.postgres;

import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code pg_settings}.
 *
 * @param setting the value in base units
 * @param unit the base unit, for example {@code 8kB}
 * @param type bool, integer, real, enum or string
 * @param context {@code postmaster}: changes at start only
 * @param bootValue what it is when nobody sets it, in base units
 * @param setElsewhere whether a file other than postgresql.conf and postgresql.auto.conf sets it
 */
record SettingRow(String name, String setting, @Nullable String unit, String type, String context, String bootValue,
        boolean setElsewhere) {

    private static final String COLUMNS = "SELECT lower(name), setting, unit, vartype, context, boot_val,"
            + " sourcefile IS NOT NULL AND sourcefile <> current_setting('config_file')"
            + " AND sourcefile !~ '/postgresql\\.auto\\.conf$' FROM pg_catalog.pg_settings";

    /** With an array of names in lower case as its parameter. */
    static final String QUERY_NAMED = COLUMNS + " WHERE lower(name) = ANY(?)";

    static SettingRow read(ResultSet row) throws SQLException {
        String boot = row.getString(6);
        String setting = row.getString(2);
        return new SettingRow(row.getString(1), setting == null ? "" : setting, row.getString(3), row.getString(4),
                row.getString(5), boot == null ? "" : boot, row.getBoolean(7));
    }
}
