package org.jpatroni.peer;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What another member answered.
 *
 * @param headers by name in lower case
 */
public record PeerReply(int status, Map<String, List<String>> headers, String body) {

    /** The first value of a header; the name in lower case. */
    public Optional<String> header(String name) {
        return headers.getOrDefault(name, List.of()).stream().findFirst();
    }
}
