package org.jpatroni.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.jpatroni.runtime.Time;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What systemd hears. */
class ServiceManagerTest {

    @TempDir private Path folder;

    private static ServiceManager speakingTo(String address) {
        return new ServiceManager(Map.of("NOTIFY_SOCKET", address), Time.system());
    }

    private static void saysEverything(String address) throws Throwable {
        try (DatagramSocketFile systemd = new DatagramSocketFile(address)) {
            ServiceManager manager = speakingTo(systemd.address());
            manager.ready();
            assertThat(systemd.await()).isEqualTo("READY=1\nMAINPID=" + ProcessHandle.current().pid());
            long before = System.nanoTime() / 1000;
            manager.reloading();
            String reloading = systemd.await();
            assertThat(reloading).startsWith("RELOADING=1\nMONOTONIC_USEC=");
            assertThat(Long.parseLong(reloading.substring(reloading.lastIndexOf('=') + 1)))
                    .isBetween(before, System.nanoTime() / 1000);
            manager.stopping();
            assertThat(systemd.await()).isEqualTo("STOPPING=1");
            assertThat(systemd.poll()).isEmpty();
        }
    }

    @Test
    void speaksToAPath() throws Throwable {
        saysEverything(folder.resolve("notify").toString());
    }

    @Test
    void speaksToAnAbstractName() throws Throwable {
        saysEverything("@jpatroni-test-" + UUID.randomUUID());
    }

    @Test
    void nobodyThereChangesNothing() {
        ServiceManager manager = speakingTo(folder.resolve("nobody").toString());
        manager.ready();
        manager.stopping();
        speakingTo("/" + "long".repeat(40)).ready();
        new ServiceManager(Map.of(), Time.system()).ready();
    }
}
