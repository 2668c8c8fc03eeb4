package org.jpatroni.watchdog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;

/** What Patroni's acceptance suite has in place of a device: a named pipe, read byte by byte. Each end of the writer is noted as {@code $}. */
public final class WatchedPipe implements AutoCloseable {

    private final Path path;
    private final AtomicReference<String> heard = new AtomicReference<>("");
    private final Thread reader;
    private volatile boolean closed;

    public WatchedPipe(Path path) throws IOException, InterruptedException {
        this.path = path;
        make(path);
        reader = Thread.ofVirtual().unstarted(this::read);
        reader.start();
    }

    /** A pipe that nobody reads. */
    static Path make(Path path) throws IOException, InterruptedException {
        Process mkfifo = new ProcessBuilder("mkfifo", path.toString()).inheritIO().start();
        if (mkfifo.waitFor() != 0) {
            throw new IOException("mkfifo " + path);
        }
        return path;
    }

    private void read() {
        while (!closed) {
            try (InputStream pipe = Files.newInputStream(path)) {
                for (int c = pipe.read(); c >= 0; c = pipe.read()) {
                    hear(String.valueOf((char) c));
                }
                hear("$");
            } catch (IOException broken) {
                hear(broken.toString());
                return;
            }
        }
    }

    private void hear(String more) {
        heard.updateAndGet(before -> before + more);
    }

    /** Waits until exactly this was heard since the start. */
    public void awaitHeard(String expected) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).pollInterval(Duration.ofMillis(5))
                .until(() -> heard.get().equals(expected) || heard.get().length() > expected.length());
        org.assertj.core.api.Assertions.assertThat(heard.get()).isEqualTo(expected);
    }

    /** Everything heard since the start. */
    public String heard() {
        return heard.get();
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        closed = true;
        // Opening it for both never waits, and frees a reader that waits for a writer.
        try (var both = java.nio.channels.FileChannel.open(path, java.nio.file.StandardOpenOption.READ,
                java.nio.file.StandardOpenOption.WRITE)) {
            both.isOpen();
        }
    }
}
