package org.jpatroni.watchdog;

import java.io.IOException;
import java.util.function.BiFunction;
import org.jpatroni.config.NodeConfig.WatchdogConfig;
import org.jpatroni.runtime.Time;

/** A device that tests make; what it does not close goes on. */
public interface SimulatedDevice {

    void open() throws IOException;

    void setTimeout(int seconds) throws IOException;

    int timeout();

    void keepAlive() throws IOException;

    void closeInOrder() throws IOException;

    /** The watchdog over it. */
    static DeviceWatchdog watchdog(WatchdogConfig config, Time time, SimulatedDevice device) {
        BiFunction<String, String, WatchdogDevice> drivers = (driver, path) -> new WatchdogDevice() {
            private boolean open;

            @Override
            public String path() {
                return path;
            }

            @Override
            public boolean isOpen() {
                return open;
            }

            @Override
            public Traits open() throws IOException {
                device.open();
                open = true;
                return new Traits("simulated", true, true, true);
            }

            @Override
            public void setTimeout(int seconds) throws IOException {
                device.setTimeout(seconds);
            }

            @Override
            public int timeout() {
                return device.timeout();
            }

            @Override
            public void keepAlive() throws IOException {
                device.keepAlive();
            }

            @Override
            public void closeInOrder() throws IOException {
                device.closeInOrder();
                open = false;
            }

            @Override
            public void abandon() {
                open = false;
            }
        };
        return new DeviceWatchdog(config, time, drivers);
    }
}
