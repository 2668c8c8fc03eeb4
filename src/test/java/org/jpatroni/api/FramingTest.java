package org.jpatroni.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jpatroni.node.CommandReply;
import org.jpatroni.node.NodeCommand;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How a call that changes something must be framed to be carried out, and that everything else gets one clear answer and changes nothing.
 * In rows, {@code ~} is CR LF.
 */
class FramingTest {

    private static final String AUTH = "Authorization: Basic dXNlcjpwYXNz\r\n";
    private static final ApiLimits QUICK = new ApiLimits(2048, 1536, 256, 2_000, 400, 400, 600, 200, 8_192, 8_192,
            1_048_576, 32);

    private static ApiServer server() throws IOException {
        return ApiServer.guarded(NodeFixture.leader(), ApiLimits.DEFAULT);
    }

    private static String raw(String row) {
        return row.replace("~", "\r\n").replace("\\n", "\n").replace("\\0", "\0").replace("\\xff", "\u00ff")
                .replace("\\v", "\u000b");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "both lengths|PATCH /config HTTP/1.1~AUTHContent-Length: 2~Transfer-Encoding: chunked~~0~~|400",
            "both, other order|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~Content-Length: 5~~0~~|400",
            "two lengths|PATCH /config HTTP/1.1~AUTHContent-Length: 7~Content-Length: 8~~{\"a\":1}|400",
            "the same length twice|PATCH /config HTTP/1.1~AUTHContent-Length: 7~Content-Length: 7~~{\"a\":1}|400",
            "two lengths of 1.0|PATCH /config HTTP/1.0~AUTHContent-Length: 7~Content-Length: 8~~{\"a\":1}|400",
            "a list of lengths|PATCH /config HTTP/1.1~AUTHContent-Length: 7, 7~~{\"a\":1}|400",
            "length abc|PATCH /config HTTP/1.1~AUTHContent-Length: abc~~{\"a\":1}|400",
            "negative length|PATCH /config HTTP/1.1~AUTHContent-Length: -1~~{\"a\":1}|400",
            "signed length|PATCH /config HTTP/1.1~AUTHContent-Length: +7~~{\"a\":1}|400",
            "empty length|PATCH /config HTTP/1.1~AUTHContent-Length:~~{\"a\":1}|400",
            "length with a fraction|PATCH /config HTTP/1.1~AUTHContent-Length: 7.0~~{\"a\":1}|400",
            "hexadecimal length|PATCH /config HTTP/1.1~AUTHContent-Length: 0x7~~{\"a\":1}|400",
            "length in Python's way|PATCH /config HTTP/1.1~AUTHContent-Length: 0_7~~{\"a\":1}|400",
            "overflowing length|PATCH /config HTTP/1.1~AUTHContent-Length: 18446744073709551623~~{\"a\":1}|400",
            "length too large|PATCH /config HTTP/1.1~AUTHContent-Length: 9000000000~~{\"a\":1}|413",
            "too short|PATCH /config HTTP/1.1~AUTHContent-Length: 1~~{|400",
            "gzip|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: gzip~~{\"a\":1}|400",
            "gzip, chunked|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: gzip, chunked~~0~~|501",
            "chunked, gzip|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked, gzip~~0~~|400",
            "chunked twice|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~Transfer-Encoding: chunked~~0~~|400",
            "xchunked|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: xchunked~~0~~|400",
            "vertical tab|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: \\vchunked~~0~~|400",
            "space before the colon|PATCH /config HTTP/1.1~AUTHTransfer-Encoding : chunked~~0~~|400",
            "chunks of 1.0|PATCH /config HTTP/1.0~AUTHTransfer-Encoding: chunked~~7~{\"a\":1}~0~~|400",
            "bad chunk size|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~~zz~{\"a\":1}~0~~|400",
            "negative chunk size|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~~-7~{\"a\":1}~0~~|400",
            "overflowing chunk|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~~fffffffff~{\"a\":1}~0~~|400",
            "longer than its chunk|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~~3~{\"a\":1}~0~~|400",
            "bare LF|PATCH /config HTTP/1.1\\nAuthorization: Basic dXNlcjpwYXNz\\nContent-Length: 7\\n\\n{\"a\":1}|400",
            "one bare LF|PATCH /config HTTP/1.1~AUTHContent-Length: 7\\n~{\"a\":1}|400",
            "NUL in a value|PATCH /config HTTP/1.1~AUTHX: a\\0b~Content-Length: 7~~{\"a\":1}|400",
            "NUL in a name|PATCH /config HTTP/1.1~AUTHX\\0: b~Content-Length: 7~~{\"a\":1}|400",
            "no colon|PATCH /config HTTP/1.1~AUTHnonsense~Content-Length: 7~~{\"a\":1}|400",
            "folded coding|PATCH /config HTTP/1.1~AUTHTransfer-Encoding: x~ chunked~~0~~|400",
            "another expectation|PATCH /config HTTP/1.1~AUTHExpect: tea~Content-Length: 7~~{\"a\":1}|417",
            "no length|PATCH /config HTTP/1.1~AUTHConnection: close~~|411",
            "HTTP/2.0|PATCH /config HTTP/2.0~AUTHContent-Length: 7~~{\"a\":1}|505",
            "no version|PATCH /config~AUTHContent-Length: 7~~{\"a\":1}|400",
            "unknown method|PATCHY /config HTTP/1.1~AUTHContent-Length: 7~~{\"a\":1}|501",
            "override|POST /config HTTP/1.1~AUTHX-HTTP-Method-Override: PATCH~Content-Length: 7~~{\"a\":1}|501",
            "GET that says PATCH|GET /config?_method=PATCH HTTP/1.1~AUTHX-Method-Override: PATCH~Content-Length: 7~"
                    + "Connection: close~~{\"a\":1}|502"})
    void oneAnswerAndNothingChanged(String what, String row, int code) throws IOException {
        try (ApiServer server = server()) {
            String answers = server.exchangeHalfClosed(raw(row).replace("AUTH", AUTH));
            assertThat(ApiServer.codes(answers)).as("%s: %s", what, answers).containsExactly(code);
            assertThat(server.commands.submitted).isEmpty();
            assertThat(answers).doesNotContain("<html").doesNotContain("Exception");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "PATCH /config HTTP/1.1~AUTHContent-Length: 7~~{\"a\":1}",
            "PATCH /config HTTP/1.0~AUTHContent-Length: 7~~{\"a\":1}",
            "PATCH /config HTTP/1.1~AUTHTransfer-Encoding: chunked~~3~{\"a~4~\":1}~0~~",
            "PATCH /config HTTP/1.1~AUTHTransfer-Encoding: Chunked~~3;name=value~{\"a~4~\":1}~0~Trailer: x~~",
            "PATCH /config HTTP/1.1~AUTHX: a~ folded~Content-Length: 7~~{\"a\":1}",
            "PATCH http://elsewhere/config/ HTTP/1.1~authorization: Basic dXNlcjpwYXNz~content-length: 007~~{\"a\":1}",
            "PATCH //config?x=y HTTP/1.1~AUTHContent-Type: text/plain; charset=utf-16~Content-Length: 7~~{\"a\":1}"})
    void wellFramedWritesAreCarriedOut(String row) throws IOException {
        try (ApiServer server = server()) {
            String answers = server.exchangeHalfClosed(raw(row).replace("AUTH", AUTH));
            assertThat(ApiServer.codes(answers)).containsExactly(200);
            assertThat(server.commands.submitted).singleElement()
                    .satisfies(command -> assertThat(command.body()).containsOnlyKeys("a"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "``", "{", "{\"a\":1}x", "{}", "[]", "[1]", "\"x\"", "12", "null", "true", "{\"a\":\"\\xff\"}",
            "\u00ef\u00bb\u00bf{\"a\":1}", "`   `", "{'a':1}", "{\"a\":1 /* x */}", "{\"a\":1,}", "\\xff\\xfe{\\0}\\0",
            "{\"a\":nan}", "{\"a\":01}", "{\"a\":.5}", "{\"a\":\"\\n\"}", "{\"a\":\"\\0\"}", "{a:1}", "{\"a\" 1}"})
    void bodiesThatAreNoObjectAreRefusedAfterAccess(String body) throws IOException {
        String sent = raw(body);
        try (ApiServer server = server()) {
            String head = "PATCH /config HTTP/1.1\r\nContent-Length: " + sent.length() + "\r\n";
            assertThat(ApiServer.codes(server.exchangeHalfClosed(head + AUTH + "\r\n" + sent))).containsExactly(400);
            assertThat(ApiServer.codes(server.exchangeHalfClosed(head + "\r\n" + sent))).containsExactly(401);
            assertThat(server.commands.submitted).isEmpty();
        }
    }

    @Test
    void whatOnlyCostsTimeIsRefused() throws IOException {
        try (ApiServer server = server()) {
            for (String body : List.of("{\"a\":".repeat(100_000), "{\"a\":" + "[".repeat(300_000),
                    "{\"a\":" + "9".repeat(900_000) + "}")) {
                String answer = server.exchangeHalfClosed("PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: "
                        + body.length() + "\r\n\r\n" + body);
                assertThat(ApiServer.codes(answer)).containsExactly(400);
            }
            assertThat(server.commands.submitted).isEmpty();
            assertThat(server.get("/liveness")).isEqualTo(200);
        }
    }

    @Test
    void aBodyTooLargeIsRefusedBeforeItComes() throws IOException {
        try (ApiServer server = server(); Socket socket = server.connect(); Socket stranger = server.connect()) {
            ApiServer.send(socket, "PUT /config HTTP/1.1\r\n" + AUTH + "Content-Length: 1048577\r\n\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 413 ").contains("Connection: close");
            ApiServer.send(stranger, "PUT /config HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n");
            assertThat(ApiServer.readOne(stranger)).startsWith("HTTP/1.1 401 ");
            String open = server.exchange("POST /mpp HTTP/1.1\r\nContent-Length: 70000\r\n\r\n");
            assertThat(ApiServer.codes(open)).containsExactly(413);
            String chunk = "10000\r\n" + "x".repeat(65_536) + "\r\n";
            assertThat(ApiServer.codes(server.exchange(
                    "PUT /config HTTP/1.1\r\n" + AUTH + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(20))))
                    .containsExactly(413);
        }
    }

    @Test
    void aBodyIsInvitedWhenItIsWantedAndAllowed() throws IOException {
        try (ApiServer server = server(); Socket socket = server.connect()) {
            String head = "PATCH /config HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 7\r\n";
            ApiServer.send(socket, head + AUTH + "\r\n");
            assertThat(ApiServer.readOne(socket)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            ApiServer.send(socket, "{\"a\":1}");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 ");
            ApiServer.send(socket, head + AUTH + "\r\n{\"a\":2}");
            assertThat(ApiServer.readOne(socket)).as("the body was there already").startsWith("HTTP/1.1 200 ");
            ApiServer.send(socket, head + "\r\n");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 401 ").contains("Connection: close");
            assertThat(ApiServer.codes(server.exchange(
                    "PATCH /config HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n" + AUTH + "\r\n")))
                    .containsExactly(413);
            assertThat(ApiServer.codes(server.exchange("GET /liveness HTTP/1.1\r\nExpect: 100-continue\r\n"
                    + "Connection: close\r\n\r\n"))).containsExactly(200);
            assertThat(ApiServer.codes(server.exchange("PATCH /config HTTP/1.0\r\nExpect: tea\r\nContent-Length: 7\r\n"
                    + AUTH + "\r\n{\"a\":3}"))).as("1.0 has no expectations").containsExactly(200);
            assertThat(server.commands.submitted).hasSize(3);
        }
    }

    @Test
    void anInvitationWaitsForItsTurn() throws Exception {
        try (ApiServer server = server(); Socket socket = server.connect()) {
            CompletableFuture<CommandReply> first = new CompletableFuture<>();
            server.commands.answerLater(command -> command.body().containsKey("slow")
                    ? first
                    : CompletableFuture.completedFuture(CommandReply.text(202, "second")));
            ApiServer.send(socket, "PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: 10\r\n\r\n{\"slow\":1}"
                    + "PATCH /config HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 7\r\n" + AUTH + "\r\n");
            await().until(() -> server.commands.submitted.size() == 1);
            first.complete(CommandReply.text(200, "first"));
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 200 ").endsWith("first");
            assertThat(ApiServer.readOne(socket)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            ApiServer.send(socket, "{\"a\":1}");
            assertThat(ApiServer.readOne(socket)).startsWith("HTTP/1.1 202 ").endsWith("second");
        }
    }

    @Test
    void pipelinedWritesAreCarriedOutOneAfterTheOther() throws Exception {
        try (ApiServer server = server(); Socket socket = server.connect()) {
            CompletableFuture<CommandReply> first = new CompletableFuture<>();
            server.commands.answerLater(command -> command.body().containsKey("n0")
                    ? first
                    : CompletableFuture.completedFuture(
                            CommandReply.text(200, String.valueOf(command.body().keySet()))));
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 5; i++) {
                all.append("PATCH /config HTTP/1.1\r\n").append(AUTH).append("Content-Length: 8\r\n\r\n{\"n").append(i)
                        .append("\":1}");
            }
            ApiServer.send(socket, all + "GET /liveness HTTP/1.1\r\nConnection: close\r\n\r\n");
            await().until(() -> !server.commands.submitted.isEmpty());
            assertThat(server.commands.submitted).hasSize(1);
            first.complete(CommandReply.text(200, "[n0]"));
            String answers = ApiServer.readAll(socket);
            assertThat(ApiServer.codes(answers)).containsExactly(200, 200, 200, 200, 200, 200);
            assertThat(answers).containsSubsequence("[n0]", "[n1]", "[n2]", "[n3]", "[n4]");
            assertThat(server.commands.submitted.stream().map(NodeCommand::body).map(Object::toString))
                    .containsExactly("{n0=1}", "{n1=1}", "{n2=1}", "{n3=1}", "{n4=1}");
        }
    }

    @Test
    void whatFollowsARefusedRequestIsNotCarriedOut() throws IOException {
        try (ApiServer server = server()) {
            String smuggled = "PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: 7\r\n\r\n{\"a\":1}";
            assertThat(ApiServer.codes(server.exchange("PATCH /config HTTP/1.1\r\n" + AUTH
                    + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled)))
                    .containsExactly(400);
            assertThat(ApiServer.codes(server.exchange("PATCH /config HTTP/1.1\r\n" + AUTH
                    + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + smuggled))).containsExactly(400);
            assertThat(ApiServer.codes(server.exchange("BREW /config HTTP/1.1\r\n\r\n" + smuggled)))
                    .containsExactly(501);
            assertThat(server.commands.submitted).isEmpty();
        }
    }

    @Test
    void aClientThatLeavesWhileItsCallRunsHarmsNobody() throws Exception {
        try (ApiServer server = server()) {
            CompletableFuture<CommandReply> never = new CompletableFuture<>();
            server.commands.answerLater(command -> never);
            for (int i = 0; i < 5; i++) {
                try (Socket socket = server.connect()) {
                    socket.setSoLinger(true, 0);
                    ApiServer.send(socket,
                            "PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: 7\r\n\r\n{\"a\":1}");
                    int wanted = i + 1;
                    await().until(() -> server.commands.submitted.size() == wanted);
                }
            }
            never.complete(CommandReply.text(200, "OK"));
            await().until(() -> server.figure("jpatroni_api_connections") == 0);
            assertThat(server.figure("jpatroni_api_connections_internal_error_total")).isZero();
        }
    }

    @Test
    void aHalfClosedClientGetsTheAnswerOfALongCall() throws Exception {
        try (ApiServer server = server(); Socket socket = server.connect()) {
            CompletableFuture<CommandReply> later = new CompletableFuture<>();
            server.commands.answerLater(command -> later);
            ApiServer.send(socket, "PATCH /config HTTP/1.1\r\n" + AUTH + "Content-Length: 7\r\n\r\n{\"a\":1}");
            socket.shutdownOutput();
            await().until(() -> server.commands.submitted.size() == 1);
            later.complete(CommandReply.text(200, "done"));
            assertThat(ApiServer.readAll(socket)).startsWith("HTTP/1.1 200 ").endsWith("done");
        }
    }

    @Test
    void aBodyThatDoesNotComeEndsAtItsDeadlineAlsoBehindAnotherCall() throws IOException {
        try (ApiServer server = ApiServer.guarded(NodeFixture.leader(), QUICK); Socket socket = server.connect()) {
            ApiServer.send(socket, "GET /primary HTTP/1.1\r\n\r\nPATCH /config HTTP/1.1\r\n" + AUTH
                    + "Content-Length: 50\r\n\r\n{");
            assertThat(ApiServer.codes(ApiServer.readAll(socket))).containsExactly(200, 408);
            assertThat(server.figure("jpatroni_api_connections_timeout_total{phase=\"body\"}")).isEqualTo(1.0);
            assertThat(server.commands.submitted).isEmpty();
        }
    }
}
