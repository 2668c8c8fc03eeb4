package org.jpatroni.api;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import org.jpatroni.api.Route.Body;
import org.jpatroni.api.Route.Handler.OfCommand;
import org.jpatroni.json.PythonJsonReader;
import org.jpatroni.model.Tree;
import org.jpatroni.model.Units;
import org.jpatroni.node.NodeCommand;
import org.jspecify.annotations.Nullable;

/** Makes a command of a request, or the answer that a request without a usable body gets: 411 without a length, 400 for what is no object. */
final class CommandReader {

    /** A body that cannot be used; carries the answer. */
    static final class UnusableBody extends Exception {
        private static final long serialVersionUID = 1L;
        private final int status;

        private UnusableBody(int status, String line) {
            super(line);
            this.status = status;
        }

        Response response(boolean asJson) {
            return Response.error(status, String.valueOf(getMessage()), asJson);
        }
    }

    private CommandReader() {
    }

    static NodeCommand read(Request request, OfCommand handler) throws UnusableBody {
        Map<String, @Nullable Object> body = body(request.content(), handler.body());
        return new NodeCommand(handler.operation(), body, isDryRun(request.query()), request.content().ifMatch());
    }

    private static Map<String, @Nullable Object> body(Request.Content content, Body rule) throws UnusableBody {
        if (rule == Body.IGNORED) {
            return Collections.emptyMap();
        }
        if (!content.lengthGiven() && rule == Body.REQUIRED) {
            throw new UnusableBody(411, "a JSON object is expected, and its Content-Length");
        }
        if (!content.body().hasRemaining() && rule == Body.OPTIONAL) {
            return Collections.emptyMap();
        }
        Object value = parse(text(content.body()));
        if (!(value instanceof Map<?, ?> map)) {
            throw new UnusableBody(400, "the body is no JSON object");
        }
        if (map.isEmpty() && rule == Body.REQUIRED) {
            throw new UnusableBody(400, "the JSON object is empty");
        }
        return Tree.copyOf(map);
    }

    private static @Nullable Object parse(String text) throws UnusableBody {
        try {
            return PythonJsonReader.read(text);
        } catch (IllegalArgumentException malformed) {
            throw new UnusableBody(400, "the body is " + malformed.getMessage());
        }
    }

    private static String text(ByteBuffer body) throws UnusableBody {
        try {
            return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT).decode(body.duplicate()).toString();
        } catch (CharacterCodingException malformed) {
            throw new UnusableBody(400, "the body is not UTF-8");
        }
    }

    /** {@code ?dry_run} and {@code ?dry_run=true}; a value that is no boolean changes nothing either. */
    private static boolean isDryRun(String query) {
        for (String part : query.split("&", -1)) {
            if (part.equals("dry_run") || part.startsWith("dry_run=")) {
                Optional<Boolean> value = Units.parseBoolean(part.substring(Math.min(part.length(), 8)));
                return value.orElse(true);
            }
        }
        return false;
    }
}
