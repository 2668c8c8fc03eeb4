package org.jpatroni.api;

import java.net.InetAddress;
import java.util.Locale;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line at INFO for each call of an unsafe endpoint, refused ones included: who, from where, what, outcome, duration. Never the body, never
 * the header {@code Authorization}. Fields are {@code key=value}, values from outside in quotes, so that a client cannot write a line of its
 * own.
 */
final class AuditLog {

    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final int TEXT_MAX = 200;

    private final Consumer<String> line;

    AuditLog() {
        this(LOG::info);
    }

    /** For tests: where lines go. */
    AuditLog(Consumer<String> line) {
        this.line = line;
    }

    /**
     * Tells of one call after its answer is known.
     *
     * @param status of the answer
     * @param durationNanos from the complete request to the answer
     */
    void record(AccessVerdict.Caller caller, String method, String path, int status, long durationNanos) {
        StringBuilder text = new StringBuilder(160).append("audit: user=");
        text.append(caller.user().map(AuditLog::quoted).orElse("-"));
        text.append(" certificate=").append(caller.certificateSubject().map(AuditLog::quoted).orElse("-"));
        InetAddress address = caller.address();
        text.append(" from=").append(address == null ? "-" : address.getHostAddress());
        text.append(" method=").append(quoted(method)).append(" path=").append(quoted(path));
        text.append(" status=").append(status).append(" outcome=").append(outcome(status));
        text.append(" duration_ms=").append(String.format(Locale.ROOT, "%.1f", durationNanos / 1e6));
        line.accept(text.toString());
    }

    private static String outcome(int status) {
        return switch (status) {
            case 401, 403 -> "denied";
            default -> status < 400 ? "done" : status < 500 ? "refused" : "failed";
        };
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder(value.length() + 2).append('"');
        int end = Math.min(value.length(), TEXT_MAX);
        for (int i = 0; i < end; i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else
                if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT
                        || c == '\u2028' || c == '\u2029') {
                            text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                        } else {
                            text.append(c);
                        }
        }
        return text.append(end < value.length() ? "...\"" : "\"").toString();
    }
}
