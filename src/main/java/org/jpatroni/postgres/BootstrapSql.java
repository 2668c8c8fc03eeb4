package org.jpatroni.postgres;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jpatroni.config.PostgresConfig;
import org.jpatroni.config.PostgresConfig.Authentication;
import org.jpatroni.config.Secret;
import org.jpatroni.model.Tree;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The roles of a new cluster. Passwords go over the connection, but neither into the server's log nor into messages of errors. */
public final class BootstrapSql {

    /** Functions of pg_rewind's documentation, by which it needs no superuser. */
    private static final List<String> REWIND_FUNCTIONS = List.of("pg_ls_dir(text, boolean, boolean)",
            "pg_stat_file(text, boolean)", "pg_read_binary_file(text)",
            "pg_read_binary_file(text, bigint, bigint, boolean)");

    /** Every way in which the text of a statement could get into the log or into statistics. */
    private static final List<String> SILENCE = List.of("SET log_statement = 'none'",
            "SET log_min_duration_statement = -1", "SET log_min_duration_sample = -1",
            "SET log_transaction_sample_rate = 0", "SET log_min_error_statement = 'panic'",
            "SET debug_print_parse = off", "SET debug_print_rewritten = off", "SET debug_print_plan = off",
            "SET pg_stat_statements.track_utility = off", "SET pgaudit.log = 'none'");

    private static final List<String> LOUD_AGAIN = List.of("RESET log_statement", "RESET log_min_duration_statement",
            "RESET log_min_duration_sample", "RESET log_transaction_sample_rate", "RESET log_min_error_statement",
            "RESET debug_print_parse", "RESET debug_print_rewritten", "RESET debug_print_plan",
            "RESET pg_stat_statements.track_utility", "RESET pgaudit.log");

    private static final Pattern ROLE_OPTION = Pattern.compile("[A-Za-z]+( [A-Za-z]+)*( -?[0-9]+)?");

    private final SqlSession session;
    private final Duration limit;

    /** @param limit for each statement */
    public BootstrapSql(SqlSession session, Duration limit) {
        this.session = session;
        this.limit = limit;
    }

    /** Gives the superuser its password, or makes it, when both name and password are configured. Comes before {@code post_bootstrap}. */
    public void superuser(PostgresConfig config) throws SQLException {
        Authentication superuser = config.superuser();
        if (!superuser.username().isEmpty() && superuser.password().isPresent()) {
            createOrUpdateRole(superuser.username(), superuser.password(), List.of("SUPERUSER"));
        }
    }

    /** Makes the users of replication and of pg_rewind. Comes after {@code post_bootstrap}. */
    public void replicationAndRewind(PostgresConfig config) throws SQLException {
        Authentication replication = config.replication();
        if (!replication.username().isEmpty()) {
            createOrUpdateRole(replication.username(), replication.password(), List.of("REPLICATION"));
        }
        Optional<Authentication> rewind = config.rewind();
        if (rewind.isPresent() && !rewind.get().username().isEmpty() && !rewind.get().equals(config.superuser())) {
            createOrUpdateRole(rewind.get().username(), rewind.get().password(), List.of());
            for (String function : REWIND_FUNCTIONS) {
                session.execute(limit, "GRANT EXECUTE ON FUNCTION pg_catalog." + function + " TO "
                        + Quoting.identifier(rewind.get().username()));
            }
        }
    }

    /**
     * Makes the users of the section {@code bootstrap.users}: name to {@code password} and {@code options}.
     *
     * @param users the section as written
     */
    public void users(Map<String, @Nullable Object> users) throws SQLException {
        for (String name : users.keySet()) {
            Map<String, @Nullable Object> user = Tree.mapAt(users, name);
            Object password = user.get("password");
            List<String> options = new ArrayList<>();
            if (user.get("options") instanceof List<?> list) {
                list.forEach(option -> options.add(String.valueOf(option)));
            }
            createOrUpdateRole(name, Optional.ofNullable(password).map(Object::toString).map(Secret::new), options);
        }
    }

    /**
     * Makes a role that may log in, or changes it.
     *
     * @param options words of {@code CREATE ROLE}, such as {@code SUPERUSER}
     * @throws SQLException with a message that holds no part of the statement
     */
    public void createOrUpdateRole(String name, Optional<Secret> password, List<String> options) throws SQLException {
        StringBuilder attributes = new StringBuilder();
        boolean login = true;
        for (String option : options) {
            String word = option.strip().toUpperCase(Locale.ROOT);
            if (!ROLE_OPTION.matcher(word).matches()) {
                throw new SQLException("role " + name + ": not an option of a role: " + option);
            }
            login = login && !word.equals("NOLOGIN") && !word.equals("LOGIN");
            attributes.append(' ').append(word);
        }
        if (login) {
            attributes.append(" LOGIN");
        }
        password.ifPresent(secret -> attributes.append(" PASSWORD ").append(Quoting.literal(secret.reveal())));
        boolean exists = session.queryOne("SELECT EXISTS (SELECT FROM pg_authid WHERE rolname = ?)", limit,
                row -> row.getBoolean(1), name);
        // One statement of its own, not a DO block: the context of an error inside a block quotes the statement.
        silently("cannot make the role " + name,
                (exists ? "ALTER ROLE " : "CREATE ROLE ") + Quoting.identifier(name) + " WITH" + attributes);
    }

    /**
     * Runs a statement that holds a secret.
     *
     * @param complaint begins the message of an error, which holds no part of the statement
     */
    void silently(String complaint, String statement) throws SQLException {
        List<String> statements = new ArrayList<>(SILENCE);
        statements.add(statement);
        try {
            session.execute(limit, statements.toArray(String[]::new));
        } catch (SQLException failure) {
            throw discreet(complaint, failure);
        } finally {
            session.execute(limit, LOUD_AGAIN.toArray(String[]::new));
        }
    }

    private static SQLException discreet(String what, SQLException failure) {
        ServerErrorMessage fromServer = failure instanceof PSQLException refused
                ? refused.getServerErrorMessage()
                : null;
        String reason = fromServer != null ? fromServer.getMessage() : failure.getClass().getSimpleName();
        return new SQLException(what + ": " + reason, failure.getSQLState());
    }
}
