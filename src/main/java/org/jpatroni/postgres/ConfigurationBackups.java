package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of the configuration files inside the data directory. Where the files themselves lie elsewhere, or are symbolic links, a base backup
 * does not bring them along; it brings these copies, from which a new replica makes its own.
 */
final class ConfigurationBackups {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationBackups.class);

    private final ConfigurationFiles files;

    ConfigurationBackups(ConfigurationFiles files) {
        this.files = files;
    }

    private Path backupOf(Path file) {
        return files.dataDirectory().resolve(file.getFileName() + ".backup");
    }

    /** Makes files that are missing out of their copies. */
    void restoreMissing(List<Path> originals) throws IOException {
        for (Path file : originals) {
            Path backup = backupOf(file);
            if (!Files.exists(file) && Files.isRegularFile(backup)) {
                files.write(file, Files.readString(backup));
            }
        }
    }

    /** Copies what is there. A copy that cannot be made is no reason not to start. */
    void save(List<Path> originals) {
        for (Path file : originals) {
            try {
                if (Files.isRegularFile(file)) {
                    files.write(backupOf(file), Files.readString(file));
                }
            } catch (IOException failure) {
                LOG.warn("No copy of {} for new replicas: {}", file, failure.getMessage());
            }
        }
    }
}
