package org.jpatroni.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.config.AddressRange;
import org.jpatroni.model.Member;

/**
 * Where the members' APIs are, by their {@code api_url}.
 *
 * @param members the list that this was made from
 */
record MemberHosts(List<Member> members, List<AddressRange> addresses, List<String> names) {

    static final MemberHosts NONE = new MemberHosts(List.of(), List.of(), List.of());

    static MemberHosts of(List<Member> members) {
        List<AddressRange> addresses = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Member member : members) {
            String host = member.apiUrl().map(MemberHosts::hostOf).orElse("");
            Optional<AddressRange> address = AddressRange.parse(host);
            address.ifPresent(addresses::add);
            if (address.isEmpty() && !host.isEmpty()) {
                names.add(host);
            }
        }
        return new MemberHosts(members, addresses, names);
    }

    /** By hand, because {@link java.net.URI} knows no host with an underscore, which container names have. */
    static String hostOf(String url) {
        int start = url.indexOf("://");
        if (start < 0) {
            return "";
        }
        String rest = url.substring(start + 3);
        String authority = rest.split("[/?#]", 2)[0];
        String place = authority.substring(authority.lastIndexOf('@') + 1);
        if (place.startsWith("[")) {
            int end = place.indexOf(']');
            return end < 0 ? "" : place.substring(1, end);
        }
        int colon = place.indexOf(':');
        return colon < 0 ? place : place.substring(0, colon);
    }
}
