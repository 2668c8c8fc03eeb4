package org.jpatroni.watchdog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.config.NodeConfig.WatchdogConfig.Mode;
import org.jpatroni.dcs.ManualTime;
import org.jpatroni.model.WatchdogStatus;
import org.jpatroni.model.WatchdogStatus.State;
import org.jpatroni.watchdog.Watchdog.Times;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The watchdog over a pipe, as the driver {@code testing} speaks, and over devices that are not as one would like. */
class DeviceWatchdogTest {

    private static final Times TTL_21 = new Times(21, 2);
    private static final Times TTL_30 = new Times(30, 10);

    @TempDir private Path folder;
    private final ManualTime time = new ManualTime();

    private WatchdogConfig config(Mode mode, Path device, int margin) {
        return new WatchdogConfig(mode, device.toString(), margin, "testing");
    }

    /** The deadline of a lease that was confirmed just now. */
    private long confirmed(Times times) {
        return time.nanos() + Duration.ofSeconds(times.ttlSeconds()).toNanos();
    }

    /** Until somebody reads the pipe. */
    private void activate(DeviceWatchdog watchdog, Times times) {
        org.awaitility.Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> {
            watchdog.activate(times, confirmed(times));
            return watchdog.status(times).isActive();
        });
    }

    @Test
    void protocolIsByteByByte() throws Exception {
        try (WatchedPipe pipe = new WatchedPipe(folder.resolve("pipe"));
                DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.REQUIRED, pipe.path(), 5), time)) {
            assertThat(watchdog.status(TTL_21).state()).isEqualTo(State.CLOSED);
            activate(watchdog, TTL_21);
            pipe.awaitHeard("Ctimeout=16\n1");
            assertThat(watchdog.status(TTL_21).isActive()).isTrue();
            assertThat(watchdog.status(TTL_21).actsAtNanos()).hasValue(time.nanos() + 16_000_000_000L);

            watchdog.keepAlive(TTL_21, confirmed(TTL_21));
            pipe.awaitHeard("Ctimeout=16\n11");

            Times ttl20 = new Times(20, 2);
            watchdog.keepAlive(ttl20, confirmed(ttl20));
            pipe.awaitHeard("Ctimeout=16\n11Ctimeout=15\n1");

            watchdog.disable();
            pipe.awaitHeard("Ctimeout=16\n11Ctimeout=15\n1V$");
            assertThat(watchdog.status(ttl20).state()).isEqualTo(State.CLOSED);

            activate(watchdog, ttl20);
            pipe.awaitHeard("Ctimeout=16\n11Ctimeout=15\n1V$Ctimeout=15\n1");
        }
    }

    @Test
    void processThatEndsLeavesItRunning() throws Exception {
        try (WatchedPipe pipe = new WatchedPipe(folder.resolve("pipe"))) {
            DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.AUTOMATIC, pipe.path(), 5), time);
            activate(watchdog, TTL_30);
            watchdog.close();
            pipe.awaitHeard("Ctimeout=25\n1$");
        }
    }

    @Test
    void timerNeverRunsLongerThanTheLease() throws Exception {
        try (WatchedPipe pipe = new WatchedPipe(folder.resolve("pipe"));
                DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.REQUIRED, pipe.path(), 5), time)) {
            activate(watchdog, TTL_30);
            long late = confirmed(TTL_30);
            time.advance(Duration.ofSeconds(6));
            watchdog.keepAlive(TTL_30, late);
            long inTime = confirmed(TTL_30);
            time.advance(Duration.ofSeconds(5));
            watchdog.keepAlive(TTL_30, inTime);
            pipe.awaitHeard("Ctimeout=25\n11");
            assertThat(watchdog.status(TTL_30).actsAtNanos()).hasValue(time.nanos() + 25_000_000_000L);
        }
    }

    @Test
    void missingDeviceIsNeverCreated() {
        Path missing = folder.resolve("missing");
        try (DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.REQUIRED, missing, 5), time)) {
            watchdog.activate(TTL_30, confirmed(TTL_30));
            assertThat(watchdog.status(TTL_30).isInTheWay()).isTrue();
            assertThat(missing).doesNotExist();
        }
        try (DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.AUTOMATIC, missing, 5), time)) {
            assertThat(watchdog.status(TTL_30).wanted()).isFalse();
        }
    }

    @Test
    void pipeWithoutReaderIsTriedAgainLater() throws Exception {
        Path unread = WatchedPipe.make(folder.resolve("unread"));
        try (DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.REQUIRED, unread, 5), time)) {
            assertThat(watchdog.status(TTL_30).state()).isEqualTo(State.CLOSED);
            watchdog.activate(TTL_30, confirmed(TTL_30));
            assertThat(watchdog.status(TTL_30).state()).isEqualTo(State.UNUSABLE);
            time.advance(Duration.ofSeconds(31));
            assertThat(watchdog.status(TTL_30).state()).isEqualTo(State.CLOSED);
        }
    }

    @Test
    void changesOfTheConfigurationAreTakenOver() throws Exception {
        try (WatchedPipe first = new WatchedPipe(folder.resolve("first"));
                WatchedPipe second = new WatchedPipe(folder.resolve("second"));
                DeviceWatchdog watchdog = new DeviceWatchdog(config(Mode.REQUIRED, first.path(), 5), time)) {
            activate(watchdog, TTL_30);
            watchdog.reconfigure(config(Mode.REQUIRED, first.path(), -1));
            watchdog.keepAlive(TTL_30, confirmed(TTL_30));
            first.awaitHeard("Ctimeout=25\n1Ctimeout=15\n1");

            watchdog.reconfigure(config(Mode.AUTOMATIC, second.path(), -1));
            watchdog.keepAlive(TTL_30, confirmed(TTL_30));
            first.awaitHeard("Ctimeout=25\n1Ctimeout=15\n1V$");
            activate(watchdog, TTL_30);
            second.awaitHeard("Ctimeout=15\n1");

            watchdog.reconfigure(config(Mode.OFF, second.path(), -1));
            second.awaitHeard("Ctimeout=15\n1V$");
            assertThat(watchdog.status(TTL_30).wanted()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({"30, 5, 25", "30, -1, 15", "31, -1, 15", "20, 0, 20"})
    void timeoutFollowsFromTtlAndMargin(int ttl, int margin, int timeout) {
        assertThat(DeviceWatchdog.timeoutSeconds(config(Mode.AUTOMATIC, folder, margin), new Times(ttl, 10)))
                .isEqualTo(timeout);
    }

    /** A device that says what a test wants it to say. */
    private static final class Pretended implements WatchdogDevice {
        private final Traits traits;
        private final int timeout;
        private boolean fails;
        private boolean open;
        private final List<String> calls = new ArrayList<>();

        Pretended(Traits traits, int timeout) {
            this.traits = traits;
            this.timeout = timeout;
        }

        private void call(String name) throws IOException {
            calls.add(name);
            if (fails) {
                throw new IOException("broken");
            }
        }

        @Override
        public String path() {
            return "/dev/null";
        }

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public Traits open() throws IOException {
            call("open");
            open = true;
            return traits;
        }

        @Override
        public void setTimeout(int seconds) throws IOException {
            call("set " + seconds);
        }

        @Override
        public int timeout() {
            return timeout;
        }

        @Override
        public void keepAlive() throws IOException {
            call("alive");
        }

        @Override
        public void closeInOrder() throws IOException {
            call("close");
            open = false;
        }

        @Override
        public void abandon() {
            calls.add("abandon");
            open = false;
        }
    }

    private DeviceWatchdog over(Mode mode, Pretended device) {
        return new DeviceWatchdog(new WatchdogConfig(mode, "/dev/null", 5, "default"), time, (driver, path) -> device);
    }

    @ParameterizedTest
    @CsvSource({"REQUIRED, 60, UNUSABLE", "AUTOMATIC, 60, ACTIVE", "REQUIRED, 20, ACTIVE", "REQUIRED, 9, UNUSABLE",
            "AUTOMATIC, 9, UNUSABLE"})
    void timeoutThatCannotBeSetMustFit(Mode mode, int timeout, State state) {
        Pretended device = new Pretended(new WatchdogDevice.Traits("fixed", false, true, true), timeout);
        DeviceWatchdog watchdog = over(mode, device);
        watchdog.activate(TTL_30, confirmed(TTL_30));
        assertThat(watchdog.status(TTL_30).state()).isEqualTo(state);
        assertThat(device.calls).containsExactly("open", state == State.ACTIVE ? "alive" : "close");
    }

    @Test
    void alarmDoesNotReplaceTheGuard() {
        Pretended device = new Pretended(new WatchdogDevice.Traits("bell", true, true, false), 25);
        DeviceWatchdog watchdog = over(Mode.AUTOMATIC, device);
        watchdog.activate(TTL_30, confirmed(TTL_30));
        WatchdogStatus status = watchdog.status(TTL_30);
        assertThat(status.isActive()).isTrue();
        assertThat(status.actsAtNanos()).isEmpty();
    }

    @Test
    void deviceThatBreaksIsUnusable() {
        Pretended device = new Pretended(new WatchdogDevice.Traits("iTCO", true, true, true), 25);
        DeviceWatchdog watchdog = over(Mode.REQUIRED, device);
        watchdog.activate(TTL_30, confirmed(TTL_30));
        device.fails = true;
        watchdog.keepAlive(TTL_30, confirmed(TTL_30));
        assertThat(watchdog.status(TTL_30).isInTheWay()).isTrue();
        assertThat(device.calls).containsExactly("open", "set 25", "alive", "alive", "abandon");
    }

    @Test
    void deviceThatCannotBeClosedGetsItsFullTime() {
        Pretended device = new Pretended(new WatchdogDevice.Traits("nowayout", true, false, true), 25);
        DeviceWatchdog watchdog = over(Mode.REQUIRED, device);
        watchdog.activate(TTL_30, confirmed(TTL_30));
        watchdog.disable();
        assertThat(device.calls).containsExactly("open", "set 25", "alive", "alive", "close");
    }

    @Test
    void loopWaitMustFitIntoTheTimeout() {
        Pretended device = new Pretended(new WatchdogDevice.Traits("iTCO", true, true, true), 25);
        DeviceWatchdog watchdog = over(Mode.REQUIRED, device);
        Times tight = new Times(30, 26);
        watchdog.activate(tight, confirmed(tight));
        assertThat(watchdog.status(tight).isInTheWay()).isTrue();
        assertThat(device.calls).isEmpty();
    }

    @Test
    void requestsAreThoseOfTheKernel() {
        org.junit.jupiter.api.Assumptions.assumeFalse(System.getProperty("os.arch").startsWith("ppc"));
        assertThat(LinuxDevice.request(LinuxDevice.Direction.READ, 0, 40)).isEqualTo(0x80285700L);
        assertThat(LinuxDevice.request(LinuxDevice.Direction.READ, 5, 4)).isEqualTo(0x80045705L);
        assertThat(LinuxDevice.request(LinuxDevice.Direction.BOTH, 6, 4)).isEqualTo(0xC0045706L);
        assertThat(LinuxDevice.request(LinuxDevice.Direction.READ, 7, 4)).isEqualTo(0x80045707L);
    }

    @Test
    void fileThatIsNoDeviceIsRefused() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        LinuxDevice device = new LinuxDevice(file.toString());
        org.assertj.core.api.Assertions.assertThatThrownBy(device::open).isInstanceOf(IOException.class)
                .hasMessageContaining("ioctl: Inappropriate ioctl for device");
    }
}
