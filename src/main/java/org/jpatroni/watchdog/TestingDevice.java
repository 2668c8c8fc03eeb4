package org.jpatroni.watchdog;

import java.io.IOException;

/**
 * Patroni's driver {@code testing}: a named pipe in place of a device. {@code C} and a line sets the timeout, {@code 1} keeps alive, {@code V}
 * says that the end is in order.
 */
final class TestingDevice extends LinuxDevice {

    private static final int TIMEOUT_AT_FIRST = 60;

    private int timeoutSeconds = TIMEOUT_AT_FIRST;

    TestingDevice(String path) {
        super(path);
    }

    @Override
    Traits traits() {
        return new Traits("Watchdog test harness", true, true, true);
    }

    @Override
    public void setTimeout(int seconds) throws IOException {
        write("Ctimeout=" + seconds + "\n");
        timeoutSeconds = seconds;
    }

    @Override
    public int timeout() {
        return timeoutSeconds;
    }

    @Override
    public void keepAlive() throws IOException {
        write("1");
    }
}
