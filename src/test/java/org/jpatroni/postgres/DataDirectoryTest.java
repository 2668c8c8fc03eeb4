package org.jpatroni.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jpatroni.model.PostgresView.Data;
import org.jpatroni.runtime.Tasks;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A data directory that is being deleted is no data directory, whoever comes back in the middle of it. */
class DataDirectoryTest {

    @TempDir private Path folder;
    private Path data;
    private DataDirectory directory;

    @BeforeEach
    void makeData() throws IOException {
        data = Files.createDirectories(folder.resolve("data"));
        Files.writeString(data.resolve("PG_VERSION"), "15\n");
        directory = new DataDirectory(data, Tasks.system().time());
    }

    @Test
    void whatWasDeletedLeavesNoMark() throws IOException {
        directory.remove();
        assertThat(data).doesNotExist();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void halfOfItIsNotTakenForData() throws IOException {
        assertThat(directory.look(() -> 0)).isInstanceOf(Data.Unusable.class);
        // No program can delete what this link leads to.
        Files.createDirectories(data.resolve("pg_tblspc"));
        Files.createSymbolicLink(data.resolve("pg_tblspc/16384"), Path.of("/proc/self/fdinfo"));
        assertThatThrownBy(directory::remove).isInstanceOf(IOException.class);
        assertThat(data.resolve("PG_VERSION")).exists();
        assertThat(directory.look(() -> 0)).isEqualTo(new Data.Empty());
    }
}
