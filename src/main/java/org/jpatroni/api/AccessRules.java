package org.jpatroni.api;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Predicate;
import org.jpatroni.api.AccessVerdict.Caller;
import org.jpatroni.api.AccessVerdict.Permitted;
import org.jpatroni.api.AccessVerdict.Refused;
import org.jspecify.annotations.Nullable;

/** The decision of Patroni's {@code check_access}: address, then client certificate, then password. Pure. */
final class AccessRules {

    private static final String SCHEME = "Basic ";
    private static final String CHALLENGE = WireFormat.headerLine("WWW-Authenticate", "Basic realm=\"Patroni\"");

    private AccessRules() {
    }

    /**
     * What is known of the caller before the check.
     *
     * @param authorization the header as sent; null when there was none
     * @param wantsJson errors are told as problem details
     */
    record Question(Route.Access access, @Nullable InetAddress address, Optional<String> certificateSubject,
            @Nullable String authorization, boolean wantsJson) {
    }

    /**
     * Decides.
     *
     * @param listed whether an address is on the list of {@code allowlist}
     * @param isMember whether an address is that of a member; asked only when it counts
     */
    static AccessVerdict decide(Question question, AccessSettings settings, Predicate<InetAddress> listed,
            Predicate<InetAddress> isMember) {
        InetAddress address = question.address();
        Caller unknown = new Caller(address, Optional.empty(), question.certificateSubject());
        if (question.access() == Route.Access.OPEN) {
            return new Permitted(unknown);
        }
        // Members send POST /failsafe when the store is away, and who is a member is then not known for sure: they are not looked up.
        boolean membersCount = settings.includeMembers() && question.access() != Route.Access.MEMBER;
        if (settings.restrictsAddresses() || membersCount) {
            boolean known = address != null
                    && (listed.test(address) || membersCount && isMember.test(address));
            if (!known) {
                return new Refused(unknown, refusal(question, 403, "Access is denied", ""));
            }
        }
        if (settings.needsCertificate() && question.certificateSubject().isEmpty()) {
            return new Refused(unknown, refusal(question, 403, "client certificate required", ""));
        }
        if (settings.credentials().isEmpty()) {
            return new Permitted(unknown);
        }
        AccessSettings.Credentials expected = settings.credentials().get();
        String sent = question.authorization();
        if (sent == null) {
            return new Refused(unknown, refusal(question, 401, "no auth header received", CHALLENGE));
        }
        if (!sent.startsWith(SCHEME) || !expected.match(sent.substring(SCHEME.length()))) {
            return new Refused(unknown, refusal(question, 401, "not authenticated", CHALLENGE));
        }
        return new Permitted(new Caller(address, Optional.of(expected.user()), question.certificateSubject()));
    }

    private static Response refusal(Question question, int status, String line, String challenge) {
        if (question.wantsJson()) {
            return Response.error(status, line, true, challenge);
        }
        byte[] body = line.getBytes(StandardCharsets.UTF_8);
        return Response.leading(status, challenge, "text/html", () -> body);
    }
}
