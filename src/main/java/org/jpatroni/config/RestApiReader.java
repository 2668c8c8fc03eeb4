package org.jpatroni.config;

import java.util.List;
import java.util.Optional;
import org.jpatroni.config.NodeConfig.BasicCredentials;
import org.jpatroni.config.NodeConfig.CtlConfig;

/** Reads the sections {@code restapi} and {@code ctl}. */
final class RestApiReader {

    private RestApiReader() {
    }

    static RestApiConfig restApi(ConfigTree root) {
        ConfigTree section = root.section("restapi");
        section.requiredText("listen");
        HostPort listen = section.address("listen", 0).orElse(new HostPort("", 0));
        HostPort connect = ConnectAddress.read(section, listen, 0);
        Optional<BasicCredentials> authentication = credentials(section);
        Optional<RestApiConfig.Tls> tls = tls(section);
        RestApiConfig config = new RestApiConfig(listen, connect, authentication,
                section.textMap("http_extra_headers"), section.textMap("https_extra_headers"),
                section.word("server_tokens", "original", List.of("original", "minimal", "productonly")),
                section.integer("request_queue_size", RestApiConfig.DEFAULT_REQUEST_QUEUE_SIZE, 0, 4096), tls,
                section.commaList("allowlist"), section.flag("allowlist_include_members", false));
        for (String entry : config.allowlist()) {
            if (entry.indexOf('/') >= 0 && AddressRange.parse(entry).isEmpty()) {
                section.error("allowlist", "is no network: " + entry);
            }
        }
        section.warnUnknown("thread_pool_size");
        return config;
    }

    private static Optional<RestApiConfig.Tls> tls(ConfigTree section) {
        Optional<String> certfile = section.text("certfile");
        Optional<String> keyfile = section.text("keyfile");
        Optional<Secret> password = section.secret("keyfile_password");
        Optional<String> cafile = section.text("cafile");
        Optional<String> ciphers = section.text("ciphers");
        RestApiConfig.VerifyClient verify = switch (section.word("verify_client", "none",
                List.of("none", "optional", "required"))) {
            case "optional" -> RestApiConfig.VerifyClient.OPTIONAL;
            case "required" -> RestApiConfig.VerifyClient.REQUIRED;
            default -> RestApiConfig.VerifyClient.NONE;
        };
        if (verify != RestApiConfig.VerifyClient.NONE) {
            if (certfile.isEmpty()) {
                section.error("verify_client", "needs certfile: client certificates exist only with TLS");
            } else if (cafile.isEmpty()) {
                section.error("verify_client", "needs cafile, the authorities that sign client certificates");
            }
        }
        return certfile.map(file -> new RestApiConfig.Tls(file, keyfile, password, cafile, ciphers, verify));
    }

    /** What is missing here is taken from the section of the API, as Patroni does: user, password and authorities. */
    static CtlConfig ctl(ConfigTree root, RestApiConfig restApi) {
        ConfigTree section = root.section("ctl");
        Optional<String> cacert = section.text("cacert").or(() -> root.section("restapi").text("cafile"));
        CtlConfig config = new CtlConfig(section.flag("insecure", false), cacert, section.text("certfile"),
                section.text("keyfile"), section.secret("keyfile_password"),
                credentials(section).or(restApi::authentication));
        section.warnUnknown();
        return config;
    }

    private static Optional<BasicCredentials> credentials(ConfigTree section) {
        Optional<ConfigTree> authentication = section.optionalSection("authentication");
        if (authentication.isEmpty()) {
            return Optional.empty();
        }
        ConfigTree users = authentication.get();
        BasicCredentials credentials = new BasicCredentials(users.requiredText("username"),
                new Secret(users.requiredText("password")));
        users.warnUnknown();
        return Optional.of(credentials);
    }
}
