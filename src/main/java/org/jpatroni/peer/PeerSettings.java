package org.jpatroni.peer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.NodeConfig.CtlConfig;
import org.jpatroni.config.Secret;
import org.jpatroni.tls.ClientTls;

/**
 * How other members are called.
 *
 * @param tls authorities to trust and a certificate to show
 * @param insecure neither certificate nor host name of a member is checked
 * @param authorization value of the header for calls that need it
 */
public record PeerSettings(ClientTls tls, boolean insecure, Optional<Secret> authorization) {

    /** Without files and passwords: the JDK's trust. */
    public static final PeerSettings PLAIN = new PeerSettings(
            new ClientTls(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()), false,
            Optional.empty());

    /** From the section {@code ctl}, in which what is missing was taken from {@code restapi} already. */
    public static PeerSettings of(CtlConfig ctl) {
        ClientTls tls = new ClientTls(ctl.cacert().map(Path::of), ctl.certfile().map(Path::of),
                ctl.keyfile().map(Path::of), ctl.keyfilePassword());
        return new PeerSettings(tls, ctl.insecure(), ctl.authentication().map(PeerSettings::basic));
    }

    private static Secret basic(BasicCredentials credentials) {
        String pair = credentials.username() + ":" + credentials.password().reveal();
        return new Secret("Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    }

    /** @throws IllegalArgumentException when a file cannot be used, naming the section and the file */
    SSLContext context() {
        try {
            return insecure ? tls.insecureContext() : tls.context();
        } catch (IllegalArgumentException unusable) {
            throw new IllegalArgumentException("ctl: " + unusable.getMessage(), unusable);
        }
    }

    /** Files that the context is made of. */
    List<Path> files() {
        return insecure
                ? new ClientTls(Optional.empty(), tls.cert(), tls.key(), Optional.empty()).files()
                : tls.files();
    }
}
