package org.jpatroni.api;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.CommandReply.Content;
import org.jpatroni.node.CommandReply.Explanation;
import org.jspecify.annotations.Nullable;

/** Replies of the node as answers: Patroni's texts as they are, and problem details (RFC 9457) for a refused client that asked for JSON. */
final class CommandResponse {

    private static final String TEXT = "text/html";
    private static final int FIRST_ERROR = 400;

    private CommandResponse() {
    }

    static Response of(Request request, CommandReply reply) {
        StringBuilder lines = new StringBuilder();
        reply.headers().forEach((name, value) -> lines.append(WireFormat.headerLine(name, value)));
        return switch (reply.content()) {
            case Content.Document document -> Response.json(reply.code(), document.tree(), lines.toString());
            case Content.Text text -> request.wantsJson() && reply.code() >= FIRST_ERROR
                    ? problem(reply, text.text(), lines.toString())
                    : Response.leading(reply.code(), lines.toString(), TEXT,
                            () -> text.text().getBytes(StandardCharsets.UTF_8));
            case Content.Refusal refusal -> request.wantsJson()
                    ? problem(reply, refusal.line(), lines.toString())
                    : Response.error(reply.code(), refusal.line(), false, lines.toString());
        };
    }

    private static Response problem(CommandReply reply, String detail, String headerLines) {
        Map<String, @Nullable Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", WireFormat.phrase(reply.code()));
        problem.put("status", reply.code());
        problem.put("detail", detail);
        if (!reply.explanations().isEmpty()) {
            problem.put("reasons", reply.explanations().stream().map(Explanation::document).toList());
        }
        return Response.problem(reply.code(), problem, headerLines);
    }
}
