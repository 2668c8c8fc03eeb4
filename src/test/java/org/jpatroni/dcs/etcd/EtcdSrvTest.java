package org.jpatroni.dcs.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** SRV records, from a name server that knows two. */
class EtcdSrvTest {

    private static final int SRV = 33;

    private final DatagramSocket socket = open();

    private static DatagramSocket open() {
        try {
            return new DatagramSocket(0, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void close() {
        socket.close();
    }

    @Test
    void theFirstServiceThatHasRecordsCountsInOrderOfPriority() {
        answerFor("_etcd-client-ssl-blue._tcp.example.org");
        assertThat(new EtcdSrv("example.org", Optional.of("blue"), server()).lookup())
                .containsExactly(URI.create("https://two.example.org:2380"),
                        URI.create("https://one.example.org:2379"));
    }

    @Test
    void withoutEncryptionTheUrlsAreOfHttp() {
        answerFor("_etcd._tcp.example.org");
        assertThat(new EtcdSrv("example.org", Optional.empty(), server()).lookup())
                .containsExactly(URI.create("http://two.example.org:2380"), URI.create("http://one.example.org:2379"));
    }

    @Test
    void noRecordsAreNoEndpoints() {
        answerFor("_other._tcp.example.org");
        assertThat(new EtcdSrv("example.org", Optional.empty(), server()).lookup()).isEmpty();
    }

    private String server() {
        return "dns://127.0.0.1:" + socket.getLocalPort();
    }

    private void answerFor(String known) {
        Tasks.system().start("dns", () -> {
            while (true) {
                DatagramPacket question = new DatagramPacket(new byte[512], 512);
                socket.receive(question);
                byte[] answer = answer(question.getData(), question.getLength(), known);
                socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
            }
        });
    }

    private static byte[] answer(byte[] question, int length, String known) throws IOException {
        int end = 12;
        StringBuilder name = new StringBuilder();
        while (question[end] != 0) {
            name.append(name.isEmpty() ? "" : ".")
                    .append(new String(question, end + 1, question[end], StandardCharsets.US_ASCII));
            end += question[end] + 1;
        }
        end += 5;
        boolean isKnown = name.toString().equals(known);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(question, 0, 2);
        out.writeShort(isKnown ? 0x8580 : 0x8583);
        out.writeShort(1);
        out.writeShort(isKnown ? 2 : 0);
        out.writeInt(0);
        out.write(question, 12, Math.min(end, length) - 12);
        if (isKnown) {
            record(out, 20, 2379, "one");
            record(out, 10, 2380, "two");
        }
        return bytes.toByteArray();
    }

    private static void record(DataOutputStream out, int priority, int port, String host) throws IOException {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        DataOutputStream target = new DataOutputStream(data);
        target.writeShort(priority);
        target.writeShort(1);
        target.writeShort(port);
        for (String label : List.of(host, "example", "org")) {
            target.writeByte(label.length());
            target.writeBytes(label);
        }
        target.writeByte(0);
        out.writeShort(0xC00C);
        out.writeShort(SRV);
        out.writeShort(1);
        out.writeInt(60);
        out.writeShort(data.size());
        data.writeTo(out);
    }
}
