package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.api.AccessVerdict.Caller;
import org.junit.jupiter.api.Test;

class AuditLogTest {

    private final List<String> lines = new ArrayList<>();
    private final AuditLog log = new AuditLog(lines::add);
    private final InetAddress address = InetAddress.ofLiteral("10.0.0.7");

    @Test
    void whoFromWhereWhatAndHowItEnded() {
        log.record(new Caller(address, Optional.of("admin"), Optional.of("CN=ops,O=\"Acme\"")), "POST", "/switchover",
                200, 1_234_567_890);
        log.record(new Caller(address, Optional.empty(), Optional.empty()), "PATCH", "/config", 401, 300_000);
        log.record(new Caller(null, Optional.of("admin"), Optional.empty()), "POST", "/restart", 503, 0);
        log.record(new Caller(address, Optional.of("admin"), Optional.empty()), "POST", "/failover", 412, 40_000);
        assertThat(lines).containsExactly(
                "audit: user=\"admin\" certificate=\"CN=ops,O=\\\"Acme\\\"\" from=10.0.0.7 method=\"POST\" path=\"/switchover\""
                        + " status=200 outcome=done duration_ms=1234.6",
                "audit: user=- certificate=- from=10.0.0.7 method=\"PATCH\" path=\"/config\" status=401 outcome=denied duration_ms=0.3",
                "audit: user=\"admin\" certificate=- from=- method=\"POST\" path=\"/restart\" status=503 outcome=failed duration_ms=0.0",
                "audit: user=\"admin\" certificate=- from=10.0.0.7 method=\"POST\" path=\"/failover\" status=412 outcome=refused"
                        + " duration_ms=0.0");
    }

    @Test
    void aClientCannotWriteALineOfItsOwn() {
        log.record(new Caller(address, Optional.empty(), Optional.of("CN=a\nINFO: \u001b[31maudit: user=\u2028\u202e")),
                "POST", "/" + "x".repeat(5_000), 501, 0);
        assertThat(lines.getFirst()).doesNotContain("\n", "\u001b", "\u2028", "\u202e").hasSizeLessThan(600)
                .contains("CN=a\\u000aINFO: \\u001b[31m");
    }
}
