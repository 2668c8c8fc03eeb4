package org.jpatroni.api;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One request as the routes see it.
 *
 * @param method as sent
 * @param path normalised: no scheme and host, one leading slash, no trailing one
 * @param query what stands after the question mark, may be empty
 * @param http11 whether the client speaks HTTP/1.1; a client of 1.0 gets 1.0 and a close
 * @param keepAlive whether the connection may stay open after the answer
 * @param wantsJson the client asked for JSON, so errors are told in JSON
 * @param arrivedNanos monotonic time when its head was complete
 * @param content what came with a call of the write side; nothing of it is kept for reads
 */
record Request(String method, String path, String query, boolean http11, boolean keepAlive, boolean wantsJson,
        long arrivedNanos, Content content) {

    /**
     * @param body as sent; whoever reads it takes a duplicate
     * @param lengthGiven whether a length was given at all, or the body came in chunks
     * @param ifMatch the header of that name
     * @param authorization the header of that name
     */
    record Content(ByteBuffer body, boolean lengthGiven, Optional<String> ifMatch, Optional<String> authorization) {

        static final Content NONE = new Content(ByteBuffer.allocate(0), false, Optional.empty(), Optional.empty());
    }

    /** Reads the target of a request line. Clients build {@code //leader} and trailing slashes; proxies send the absolute form. */
    static Request of(String method, String target, boolean http11, boolean keepAlive, boolean wantsJson,
            long arrivedNanos) {
        int question = target.indexOf('?');
        String path = question < 0 ? target : target.substring(0, question);
        String query = question < 0 ? "" : target.substring(question + 1);
        int fragment = query.indexOf('#');
        return new Request(method, normalised(path), fragment < 0 ? query : query.substring(0, fragment), http11,
                keepAlive, wantsJson, arrivedNanos, Content.NONE);
    }

    /** The same with what came with it. */
    Request with(Content arrived) {
        return new Request(method, path, query, http11, keepAlive, wantsJson, arrivedNanos, arrived);
    }

    private static String normalised(String path) {
        int start = 0;
        int scheme = path.startsWith("/") ? -1 : path.indexOf("://");
        if (scheme > 0) {
            int slash = path.indexOf('/', scheme + 3);
            start = slash < 0 ? path.length() : slash;
        }
        while (start + 1 < path.length() && path.charAt(start) == '/' && path.charAt(start + 1) == '/') {
            start++;
        }
        int end = path.length();
        while (end > start + 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        if (start >= end) {
            return "/";
        }
        return start == 0 && end == path.length() ? path : path.substring(start, end);
    }

    /** Whether it only asks, so that no body of it is read. */
    boolean isRead() {
        return method.equals("GET") || isStatusOnly();
    }

    /** HEAD and OPTIONS: answered with the status line of GET and nothing more. */
    boolean isStatusOnly() {
        return method.equals("HEAD") || method.equals("OPTIONS");
    }
}
