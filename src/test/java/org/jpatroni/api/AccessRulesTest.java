package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jpatroni.config.HostPort;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.config.RestApiConfig.VerifyClient;
import org.jpatroni.config.Secret;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The decision as a table: what is configured, who calls, what comes of it. */
class AccessRulesTest {

    private static final String RIGHT = "Basic dXNlcjpwYXNz";
    private static final String OUTSIDE = "203.0.113.1";
    private static final String LISTED = "10.0.0.1";
    private static final String MEMBER = "10.9.0.2";

    /** Columns: access, allowlist, include members, verify_client (empty: no TLS), from, certificate, password, expected. */
    @ParameterizedTest
    @CsvSource({
            // Reads are open whatever is configured.
            "OPEN, 10.0.0.0/24, true, required, 203.0.113.1, no, none, permitted",
            // Nothing configured but a password.
            "AUTHENTICATED, '', false, '', 203.0.113.1, no, none, 401 no auth header received",
            "AUTHENTICATED, '', false, '', 203.0.113.1, no, wrong, 401 not authenticated",
            "AUTHENTICATED, '', false, '', 203.0.113.1, no, right, permitted",
            "MEMBER, '', false, '', 203.0.113.1, no, none, 401 no auth header received",
            "MEMBER, '', false, '', 203.0.113.1, no, right, permitted",
            // The list of addresses comes first.
            "AUTHENTICATED, 10.0.0.0/24, false, '', 203.0.113.1, no, right, 403 Access is denied",
            "AUTHENTICATED, 10.0.0.0/24, false, '', 203.0.113.1, no, none, 403 Access is denied",
            "AUTHENTICATED, 10.0.0.0/24, false, '', 10.0.0.1, no, right, permitted",
            "AUTHENTICATED, 10.0.0.0/24, false, '', 10.0.0.1, no, none, 401 no auth header received",
            "AUTHENTICATED, 10.0.0.0/24, false, '', 10.9.0.2, no, right, 403 Access is denied",
            "AUTHENTICATED, 10.0.0.0/24, true, '', 10.9.0.2, no, right, permitted",
            "AUTHENTICATED, '', true, '', 10.9.0.2, no, right, permitted",
            "AUTHENTICATED, '', true, '', 203.0.113.1, no, right, 403 Access is denied",
            "AUTHENTICATED, '', true, '', 10.0.0.1, no, right, 403 Access is denied",
            // A list that matches nobody is still a list.
            "AUTHENTICATED, nobody.invalid, false, '', 203.0.113.1, no, right, 403 Access is denied",
            // What members send is not checked against the members.
            "MEMBER, '', true, '', 203.0.113.1, no, right, permitted",
            "MEMBER, 10.0.0.0/24, true, '', 10.9.0.2, no, right, 403 Access is denied",
            "MEMBER, 10.0.0.0/24, true, '', 10.0.0.1, no, right, permitted",
            // Then the certificate, then the password.
            "AUTHENTICATED, 10.0.0.0/24, false, optional, 203.0.113.1, yes, right, 403 Access is denied",
            "AUTHENTICATED, '', false, optional, 203.0.113.1, no, right, 403 client certificate required",
            "AUTHENTICATED, '', false, required, 203.0.113.1, no, right, 403 client certificate required",
            "AUTHENTICATED, '', false, optional, 203.0.113.1, yes, none, 401 no auth header received",
            "AUTHENTICATED, '', false, optional, 203.0.113.1, yes, right, permitted",
            "AUTHENTICATED, '', false, none, 203.0.113.1, no, right, permitted",
            "MEMBER, '', false, required, 203.0.113.1, no, right, 403 client certificate required",
    })
    void decides(Route.Access access, String allowlist, boolean includeMembers, String verify, String from,
            String certificate, String password, String expected) {
        AccessSettings settings = AccessSettings.of(config(true, allowlist, includeMembers, verify));
        Optional<String> subject = certificate.equals("yes") ? Optional.of("CN=admin") : Optional.empty();
        String authorization = switch (password) {
            case "right" -> RIGHT;
            case "wrong" -> "Basic d3Jvbmc6d3Jvbmc=";
            default -> null;
        };
        AccessVerdict verdict = decide(settings, new AccessRules.Question(access, InetAddress.ofLiteral(from),
                subject, authorization, false));
        assertThat(text(verdict)).isEqualTo(expected);
        assertThat(verdict.caller().certificateSubject()).isEqualTo(subject);
        assertThat(verdict.caller().user()).isEqualTo(
                expected.equals("permitted") && access != Route.Access.OPEN ? Optional.of("user") : Optional.empty());
    }

    @Test
    void withoutCredentialsAnyHeaderWillDo() {
        AccessSettings settings = AccessSettings.of(config(false, "", false, ""));
        for (String header : new String[]{null, "", "Basic x", RIGHT}) {
            assertThat(text(decide(settings, question(header)))).isEqualTo("permitted");
        }
    }

    @ParameterizedTest
    @CsvSource({"''", "Basic", "basic dXNlcjpwYXNz", "'Basic  dXNlcjpwYXNz'", "'Basic dXNlcjpwYXNz '",
            "Basic dXNlcjpwYXN6", "Basic dXNlcjpwYXNzcw==", "Basic dXNlcjpwYXM=", "Basic user:pass", "Basic é",
            "Bearer dXNlcjpwYXNz", "Basic !!!"})
    void nothingButTheExactTextPasses(String header) {
        AccessSettings settings = AccessSettings.of(config(true, "", false, ""));
        assertThat(text(decide(settings, question(header)))).isEqualTo("401 not authenticated");
    }

    @Test
    void passwordsInAnyAlphabet() {
        RestApiConfig plain = config(true, "", false, "");
        RestApiConfig config = new RestApiConfig(plain.listen(), plain.connectAddress(),
                Optional.of(new BasicCredentials("жук", new Secret("pä:ss€"))), Map.of(), Map.of(), "original", 0,
                Optional.empty(), List.of(), false);
        String right = "Basic "
                + Base64.getEncoder().encodeToString("жук:pä:ss€".getBytes(StandardCharsets.UTF_8));
        assertThat(text(decide(AccessSettings.of(config), question(right)))).isEqualTo("permitted");
        assertThat(AccessSettings.of(config).toString()).doesNotContain("pä:ss€").contains("жук");
    }

    @Test
    void aCallerWithoutAddressIsOnNoList() {
        AccessSettings settings = AccessSettings.of(config(true, "0.0.0.0/0,::/0", false, ""));
        AccessVerdict verdict = decide(settings,
                new AccessRules.Question(Route.Access.AUTHENTICATED, null, Optional.empty(), RIGHT, false));
        assertThat(text(verdict)).isEqualTo("403 Access is denied");
    }

    @Test
    void clientsThatAskForJsonAreToldInJson() {
        AccessSettings settings = AccessSettings.of(config(true, "", false, ""));
        AccessVerdict.Refused refused = (AccessVerdict.Refused) decide(settings, new AccessRules.Question(
                Route.Access.AUTHENTICATED, InetAddress.ofLiteral(LISTED), Optional.empty(), null, true));
        assertThat(refused.response().contentType()).isEqualTo("application/problem+json");
        assertThat(refused.response().headerLines()).isEqualTo("WWW-Authenticate: Basic realm=\"Patroni\"\r\n");
        assertThat(Socketless.body(refused.response())).contains("\"no auth header received\"").contains("401");
    }

    private static AccessRules.Question question(String authorization) {
        return new AccessRules.Question(Route.Access.AUTHENTICATED, InetAddress.ofLiteral(OUTSIDE), Optional.empty(),
                authorization, false);
    }

    private static AccessVerdict decide(AccessSettings settings, AccessRules.Question question) {
        Predicate<InetAddress> listed = address -> settings.ranges().stream().anyMatch(r -> r.contains(address));
        return AccessRules.decide(question, settings, listed, InetAddress.ofLiteral(MEMBER)::equals);
    }

    private static String text(AccessVerdict verdict) {
        return switch (verdict) {
            case AccessVerdict.Permitted permitted -> "permitted";
            case AccessVerdict.Refused refused -> refused.response().status() + " "
                    + Socketless.body(refused.response());
        };
    }

    private static RestApiConfig config(boolean password, String allowlist, boolean includeMembers, String verify) {
        Optional<RestApiConfig.Tls> tls = verify.isEmpty()
                ? Optional.empty()
                : Optional.of(new RestApiConfig.Tls("c", Optional.empty(), Optional.empty(), Optional.of("ca"),
                        Optional.empty(), VerifyClient.valueOf(verify.toUpperCase(java.util.Locale.ROOT))));
        return new RestApiConfig(new HostPort("", 8008), new HostPort("127.0.0.1", 8008),
                password ? Optional.of(new BasicCredentials("user", new Secret("pass"))) : Optional.empty(), Map.of(),
                Map.of(), "original", 0, tls, allowlist.isEmpty() ? List.of() : List.of(allowlist.split(",", -1)),
                includeMembers);
    }
}
