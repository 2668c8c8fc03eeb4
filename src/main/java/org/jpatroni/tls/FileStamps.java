package org.jpatroni.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a look at files, without reading them, tells of their content. Two that are equal mean: nothing was written, renamed or linked anew
 * in between. Symbolic links are followed, because tools that renew certificates turn links.
 */
public record FileStamps(List<Stamp> stamps) {

    /**
     * One file.
     *
     * @param modified null when the file is not there
     * @param fileKey the system's number for it, where there is one
     */
    record Stamp(Path file, @Nullable FileTime modified, long size, @Nullable String fileKey) {
    }

    /** Looks now. */
    public static FileStamps of(List<Path> files) {
        List<Stamp> stamps = new ArrayList<>();
        for (Path file : files) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                stamps.add(new Stamp(file, attributes.lastModifiedTime(), attributes.size(),
                        Objects.toString(attributes.fileKey(), "")));
            } catch (IOException missing) {
                stamps.add(new Stamp(file, null, 0, null));
            }
        }
        return new FileStamps(List.copyOf(stamps));
    }
}
