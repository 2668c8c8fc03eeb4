package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the recovery settings that a running standby was started with from its files, so that rewriting the files does not take its
 * upstream away. Patroni writes them to the same place under the same mark.
 */
final class RecoveryLines {

    private static final Pattern LINE = Pattern.compile("^\\s*(\\w+)\\s*=?\\s*'((?:[^'\\\\]|''|\\\\.)*)'");

    private RecoveryLines() {
    }

    /** Settings by name; names that have nothing to do with recovery may be among them. */
    static Map<String, String> read(Path configurationFile, Path dataDirectory) {
        Map<String, String> found = new HashMap<>();
        // pg_basebackup --write-recovery-conf writes to this file, and it wins over postgresql.conf.
        String marked = text(configurationFile);
        int mark = marked.indexOf(ServerSettings.RECOVERY_MARK);
        if (mark >= 0) {
            parse(marked.substring(mark), found);
        }
        parse(text(dataDirectory.resolve("postgresql.auto.conf")), found);
        return found;
    }

    static void parse(String text, Map<String, String> found) {
        text.lines().forEach(line -> {
            Matcher setting = LINE.matcher(line);
            if (setting.find()) {
                found.put(setting.group(1), setting.group(2).replace("''", "'").replace("\\\\", "\\"));
            }
        });
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException absent) {
            return "";
        }
    }
}
