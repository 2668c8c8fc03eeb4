package org.jpatroni.api;

import java.util.function.Supplier;
import org.jpatroni.api.ApiCounters.Mishap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers that are given whatever happens. */
final class SafeAnswer {

    private static final Logger LOG = LoggerFactory.getLogger(SafeAnswer.class);

    private SafeAnswer() {
    }

    /** What the maker makes, its body included where one is sent; 500 without any detail when it cannot. */
    static Response of(ApiCounters counters, Request request, Supplier<Response> maker) {
        try {
            Response response = maker.get();
            if (!request.isStatusOnly()) {
                response.body();
            }
            return response;
        } catch (RuntimeException fault) {
            counters.mishap(Mishap.INTERNAL);
            LOG.error("cannot answer {} {}", request.method(), request.path(), fault);
            return Response.closingError(500, "internal error, see the log", request.wantsJson(), "");
        }
    }

    /** To whoever comes when there is no room for them. */
    static Response overCapacity(boolean asJson) {
        return Response.closingError(503, "too many connections", asJson, WireFormat.headerLine("Retry-After", "1"));
    }
}
