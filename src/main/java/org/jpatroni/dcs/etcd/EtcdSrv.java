package org.jpatroni.dcs.etcd;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import javax.naming.Context;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.Attributes;
import javax.naming.directory.InitialDirContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds etcd by the SRV records of a domain, under the service names that Patroni tries: {@code _etcd-client-ssl}, {@code _etcd-client},
 * {@code _etcd-ssl} and {@code _etcd}; the first that has records counts.
 */
final class EtcdSrv {

    private static final Logger LOG = LoggerFactory.getLogger(EtcdSrv.class);
    private static final List<String> SERVICES = List.of("-client-ssl", "-client", "-ssl", "");

    private final String domain;
    private final Optional<String> suffix;
    private final String server;

    /** @param server {@code dns:} for the system's name servers, or {@code dns://host:port} */
    EtcdSrv(String domain, Optional<String> suffix, String server) {
        this.domain = domain;
        this.suffix = suffix;
        this.server = server;
    }

    /** Base URLs in the order of priority; empty, with a line in the log, when nothing was found. */
    List<URI> lookup() {
        for (String service : SERVICES) {
            String full = service + suffix.map(text -> "-" + text).orElse("");
            String scheme = service.contains("-ssl") ? "https" : "http";
            List<URI> found = records("_etcd" + full + "._tcp." + domain, scheme);
            if (!found.isEmpty()) {
                return found;
            }
        }
        LOG.warn("no SRV records for etcd were found under {} (etcd3.srv)", domain);
        return List.of();
    }

    // The JNDI provider for DNS reads records and nothing else: no object is ever made from them.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private List<URI> records(String name, String scheme) {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        environment.put(Context.PROVIDER_URL, server);
        environment.put("com.sun.jndi.dns.timeout.initial", "500");
        environment.put("com.sun.jndi.dns.timeout.retries", "2");
        List<String> records = new ArrayList<>();
        try {
            InitialDirContext context = new InitialDirContext(environment);
            try {
                Attributes attributes = context.getAttributes(name, new String[]{"SRV"});
                Attribute srv = attributes.get("SRV");
                if (srv != null) {
                    for (NamingEnumeration<?> values = srv.getAll(); values.hasMore();) {
                        records.add(String.valueOf(values.next()));
                    }
                }
            } finally {
                context.close();
            }
        } catch (NamingException notThere) {
            LOG.debug("no SRV record {}: {}", name, notThere.toString());
        }
        return records.stream().map(Srv::parse).flatMap(Optional::stream)
                .sorted(java.util.Comparator.comparingInt(Srv::priority).thenComparing(Srv::host)
                        .thenComparingInt(Srv::port))
                .map(record -> record.uri(scheme)).flatMap(Optional::stream).distinct().toList();
    }

    /** {@code priority weight port host.} */
    private record Srv(int priority, int port, String host) {

        static Optional<Srv> parse(String text) {
            String[] parts = text.split(" ", -1);
            try {
                return parts.length == 4
                        ? Optional.of(new Srv(Integer.parseInt(parts[0]), Integer.parseInt(parts[2]),
                                parts[3].replaceAll("\\.$", "")))
                        : Optional.empty();
            } catch (NumberFormatException malformed) {
                return Optional.empty();
            }
        }

        Optional<URI> uri(String scheme) {
            try {
                return Optional.of(new URI(scheme, null, host, port, null, null, null));
            } catch (URISyntaxException malformed) {
                return Optional.empty();
            }
        }
    }
}
