package org.jpatroni.api;

import io.netty.handler.ssl.SslContext;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.RestApiConfig;
import org.jpatroni.node.MetricFamily;
import org.jpatroni.runtime.Time;
import org.jpatroni.tls.FileStamps;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's TLS context, read anew when its files change. What cannot be used is refused with one warning, and the old context stays.
 * Connections that are open keep the context that they began with.
 */
final class TlsKeeper {

    private static final Logger LOG = LoggerFactory.getLogger(TlsKeeper.class);

    private final RestApiConfig.Tls tls;
    private final Time time;
    private volatile TlsContexts.Loaded loaded;
    /** What the files looked like just before they were last read, whether they could be used or not. */
    private FileStamps tried;
    /** A look that differed from it. A second equal one means that whoever writes is done. */
    private Optional<FileStamps> moving = Optional.empty();

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException when they cannot be used, naming the settings
     */
    TlsKeeper(RestApiConfig.Tls tls, Time time) {
        this.tls = tls;
        this.time = time;
        this.tried = FileStamps.of(TlsContexts.files(tls));
        this.loaded = TlsContexts.load(tls);
        tell("uses");
    }

    RestApiConfig.Tls tls() {
        return tls;
    }

    /** For the next connection. */
    SslContext context() {
        return loaded.context();
    }

    /** Looks at the files, and reads them when they have changed and come to rest. Called about once per second. */
    synchronized void look() {
        FileStamps now = FileStamps.of(TlsContexts.files(tls));
        if (now.equals(tried)) {
            moving = Optional.empty();
        } else if (moving.filter(now::equals).isEmpty()) {
            moving = Optional.of(now);
        } else {
            moving = Optional.empty();
            read(now);
        }
    }

    /** Reads the files now if they have changed: the operator has said that they are ready. */
    synchronized void reload() {
        FileStamps now = FileStamps.of(TlsContexts.files(tls));
        if (!now.equals(tried)) {
            read(now);
        }
    }

    private void read(FileStamps now) {
        tried = now;
        try {
            loaded = TlsContexts.load(tls);
            tell("has taken over");
        } catch (IllegalArgumentException refused) {
            LOG.warn("changed TLS files of the REST API are refused, the old ones stay in use: {}",
                    refused.getMessage());
        }
    }

    private void tell(String verb) {
        X509Certificate own = loaded.chain().getFirst();
        Instant end = own.getNotAfter().toInstant();
        LOG.info("REST API {} the certificate of {}, serial {}, valid until {}", verb,
                own.getSubjectX500Principal().getName(), own.getSerialNumber().toString(16), end);
        if (end.isBefore(time.wall())) {
            LOG.warn("the certificate {} of the REST API has expired", tls.certfile());
        }
    }

    /** How long the certificates last. */
    MetricFamily expiry() {
        TlsContexts.Loaded current = loaded;
        MetricFamily.Builder family = expiryFamily();
        family.add(secondsLeft(current.chain()), "usage", "server", "file", tls.certfile());
        if (tls.cafile().isPresent() && !current.authorities().isEmpty()) {
            family.add(secondsLeft(current.authorities()), "usage", "authority", "file", tls.cafile().get());
        }
        return family.build();
    }

    static MetricFamily.Builder expiryFamily() {
        return MetricFamily.gauges("jpatroni_certificate_expiry_seconds",
                "Seconds until the first certificate of this file ends, negative when one has ended.");
    }

    private long secondsLeft(List<X509Certificate> certificates) {
        Instant first = certificates.stream().map(certificate -> certificate.getNotAfter().toInstant())
                .min(Comparator.naturalOrder()).orElse(Instant.MAX);
        return first.getEpochSecond() - time.wall().getEpochSecond();
    }

    /** That family behind others, where there is TLS. */
    static List<MetricFamily> join(List<MetricFamily> others, Optional<TlsKeeper> keeper) {
        List<MetricFamily> all = new ArrayList<>(others);
        keeper.ifPresent(tls -> all.add(tls.expiry()));
        return all;
    }
}
