package org.jpatroni.peer;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jpatroni.runtime.Time;
import org.jpatroni.tls.FileStamps;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HTTP clients for the settings in force. Certificates that changed on disk are read again, looked at when a call is made. */
final class PeerTransport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PeerTransport.class);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Time time;
    private PeerSettings settings;
    private SSLContext tls;
    private HttpClient shared;
    private FileStamps tried;
    private long lookedAtNanos;

    /** @throws IllegalArgumentException when a file cannot be used */
    PeerTransport(PeerSettings settings, Time time) {
        this.time = time;
        this.settings = settings;
        this.tried = FileStamps.of(settings.files());
        this.lookedAtNanos = time.nanos();
        this.tls = settings.context();
        this.shared = client(tls);
    }

    private static HttpClient client(SSLContext tls) {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT_LIMIT)
                .sslContext(tls).build();
    }

    /** The one that keeps connections, for questions that may be asked twice. */
    synchronized HttpClient shared() {
        look();
        return shared;
    }

    /**
     * One with connections of its own, to be closed by the caller: on a kept one a request can be lost without anybody knowing whether the
     * member has seen it.
     */
    synchronized HttpClient fresh() {
        look();
        return client(tls);
    }

    synchronized PeerSettings settings() {
        return settings;
    }

    /** @throws IllegalArgumentException when a file cannot be used; then nothing has changed */
    synchronized void reload(PeerSettings next) {
        FileStamps stamps = FileStamps.of(next.files());
        if (!next.equals(settings) || !stamps.equals(tried)) {
            swap(next.context());
            settings = next;
            tried = stamps;
        }
    }

    private void look() {
        if (time.nanos() - lookedAtNanos < LOOK_NANOS) {
            return;
        }
        lookedAtNanos = time.nanos();
        FileStamps stamps = FileStamps.of(settings.files());
        if (stamps.equals(tried)) {
            return;
        }
        tried = stamps;
        try {
            swap(settings.context());
            LOG.info("certificates for calls to other members were read again");
        } catch (IllegalArgumentException refused) {
            LOG.warn("changed certificates for calls to other members are refused, the old ones stay in use: {}",
                    refused.getMessage());
        }
    }

    private void swap(SSLContext next) {
        HttpClient before = shared;
        tls = next;
        shared = client(next);
        before.shutdown(); // What is under way ends as it would have.
    }

    @Override
    public synchronized void close() {
        shared.shutdownNow();
        shared.close();
    }
}
