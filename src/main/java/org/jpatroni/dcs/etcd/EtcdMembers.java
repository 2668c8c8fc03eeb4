package org.jpatroni.dcs.etcd;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.dcs.etcd.EtcdReply.Answer;
import org.jpatroni.runtime.Tasks;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Asks etcd for its members now and then, so that one configured address is enough to survive the loss of the member behind it. What it
 * learns comes after the configured addresses, and never holds anybody up.
 */
final class EtcdMembers {

    private static final Logger LOG = LoggerFactory.getLogger(EtcdMembers.class);
    private static final Duration PERIOD = Duration.ofMinutes(5);

    private final EtcdGateway gateway;
    private final EtcdEndpoints endpoints;
    private final Tasks tasks;
    private Optional<Long> askedAtNanos = Optional.empty();

    EtcdMembers(EtcdGateway gateway, EtcdEndpoints endpoints, Tasks tasks) {
        this.gateway = gateway;
        this.endpoints = endpoints;
        this.tasks = tasks;
    }

    /** Call after etcd has answered; returns at once. */
    synchronized void askWhenDue() {
        long now = tasks.time().nanos();
        if (askedAtNanos.filter(at -> now - at < PERIOD.toNanos()).isPresent()) {
            return;
        }
        askedAtNanos = Optional.of(now);
        tasks.start("etcd-members", () -> {
            if (gateway.call("/cluster/member/list", "{}", true) instanceof Answer answer) {
                endpoints.learned(clientUrls(answer.body()));
            } else {
                askAgain();
            }
            return true;
        });
    }

    private synchronized void askAgain() {
        askedAtNanos = Optional.empty();
    }

    private static List<URI> clientUrls(JsonNode answer) {
        List<URI> urls = new ArrayList<>();
        for (JsonNode member : answer.path("members")) {
            if (member.path("isLearner").asBoolean(false)) {
                continue;
            }
            for (JsonNode url : member.path("clientURLs")) {
                try {
                    urls.add(URI.create(url.asString()));
                } catch (IllegalArgumentException malformed) {
                    LOG.warn("etcd names a member at an address that is no URL: {}", url);
                }
            }
        }
        return urls;
    }
}
