package org.jpatroni.api;

import java.net.InetAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a call may go on. */
sealed interface AccessVerdict {

    Caller caller();

    /** It may. */
    record Permitted(Caller caller) implements AccessVerdict {
    }

    /** It gets this answer instead. */
    record Refused(Caller caller, Response response) implements AccessVerdict {
    }

    /**
     * Who calls, as far as it was proved.
     *
     * @param address where from; null when the channel has no address
     * @param user the configured user, if its password was sent
     * @param certificateSubject of the client certificate that the handshake accepted
     */
    record Caller(@Nullable InetAddress address, Optional<String> user, Optional<String> certificateSubject) {
    }
}
