package org.jpatroni.api;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;

/** The first message of a client that knows nothing newer than TLS 1.0 or 1.1. */
final class OldClientHello {

    private static final int HANDSHAKE = 22;
    private static final int ALERT = 21;
    private static final int PROTOCOL_VERSION = 70;
    private static final int[] SUITES = {0xC014, 0xC013, 0x0035, 0x002F};

    private OldClientHello() {
    }

    /** Sends it and reads what comes first. */
    static byte[] send(ApiServer server, int minorVersion) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream hello = new DataOutputStream(body);
        hello.write(3);
        hello.write(minorVersion);
        hello.write(new byte[32]);
        hello.write(0);
        hello.writeShort(SUITES.length * 2);
        for (int suite : SUITES) {
            hello.writeShort(suite);
        }
        hello.write(new byte[]{1, 0});
        try (Socket socket = server.connect()) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.write(new byte[]{HANDSHAKE, 3, 1});
            out.writeShort(body.size() + 4);
            out.write(1);
            out.write(0);
            out.writeShort(body.size());
            out.write(body.toByteArray());
            return socket.getInputStream().readNBytes(7);
        }
    }

    static boolean isProtocolVersionAlert(byte[] answer) {
        return answer.length == 7 && answer[0] == ALERT && answer[6] == PROTOCOL_VERSION;
    }
}
