package org.jpatroni.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.agent.VerdictTrace;
import org.jpatroni.decide.Decision;
import org.jpatroni.decide.Facts;
import org.jpatroni.decide.Verdict;
import org.jpatroni.runtime.SystemCalls;
import org.jpatroni.runtime.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how the daemon is, over the socket named in {@code NOTIFY_SOCKET} (sd_notify(3)). Without that variable nothing is said. A message
 * that cannot be sent is told once in the log and changes nothing.
 */
final class ServiceManager implements VerdictTrace {

    private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);
    private static final String VARIABLE = "NOTIFY_SOCKET";
    private static final int STATUS_MAX_CHARS = 200;

    private final Optional<String> socket;
    private final Time time;
    private String lastStatus = "";
    private boolean complained;

    ServiceManager(Map<String, String> environment, Time time) {
        this.socket = Optional.ofNullable(environment.get(VARIABLE)).filter(address -> !address.isEmpty());
        this.time = time;
    }

    /** The REST port is open and the HA loop begins, or a reload is over. Says nothing of PostgreSQL, which may take hours to recover. */
    void ready() {
        send("READY=1\nMAINPID=" + ProcessHandle.current().pid());
    }

    /** The configuration is read again; {@link #ready} follows. */
    void reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=" + time.nanos() / 1000);
    }

    /** PostgreSQL is about to be stopped, and then the daemon ends. */
    void stopping() {
        send("STOPPING=1");
    }

    /** What {@code systemctl status} shows: the last thing that the HA loop said. */
    @Override
    public void decided(Facts facts, Verdict verdict) {
        if (socket.isEmpty() || !(verdict.decision() instanceof Decision.Rest)) {
            return;
        }
        String status = verdict.reason().text().replace('\n', ' ');
        if (!status.equals(lastStatus)) {
            lastStatus = status;
            send("STATUS=" + status.substring(0, Math.min(status.length(), STATUS_MAX_CHARS)));
        }
    }

    private synchronized void send(String message) {
        if (socket.isEmpty()) {
            return;
        }
        try {
            SystemCalls.sendDatagram(socket.get(), message.getBytes(StandardCharsets.UTF_8));
        } catch (IOException unheard) {
            if (!complained) {
                LOG.warn("the service manager cannot be told how this daemon is ({}): {}", VARIABLE,
                        unheard.getMessage());
                complained = true;
            }
        }
    }
}
