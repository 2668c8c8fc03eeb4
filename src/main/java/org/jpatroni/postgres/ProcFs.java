package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** What {@code /proc} tells about processes. A process may vanish at any moment, so every answer may be empty. */
final class ProcFs {

    private static final Path PROC = Path.of("/proc");

    /** Linux counts process start times in units of this; the kernel's USER_HZ is 100 on every platform it tells user space about. */
    private static final long TICKS_PER_SECOND = 100;

    private ProcFs() {
    }

    /**
     * One line of {@code /proc/<pid>/stat}.
     *
     * @param state {@code R}, {@code S}, {@code D}, {@code Z} ...
     * @param startTicks start time since boot, in ticks
     */
    record Stat(long pid, char state, long parentPid, long startTicks) {

        /** A zombie has ended; it only waits for its parent. */
        boolean isAlive() {
            return state != 'Z' && state != 'X' && state != 'x';
        }
    }

    static Optional<Stat> stat(long pid) {
        return read(PROC.resolve(pid + "/stat")).flatMap(text -> parseStat(pid, text));
    }

    /** The name in parentheses may itself contain blanks and parentheses: what counts begins after the last one. */
    static Optional<Stat> parseStat(long pid, String text) {
        int nameEnd = text.lastIndexOf(')');
        if (nameEnd < 0 || nameEnd + 2 > text.length()) {
            return Optional.empty();
        }
        String[] fields = text.substring(nameEnd + 2).trim().split(" ");
        if (fields.length < 20) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Stat(pid, fields[0].charAt(0), Long.parseLong(fields[1]),
                    Long.parseLong(fields[19])));
        } catch (NumberFormatException malformed) {
            return Optional.empty();
        }
    }

    /** The working directory; empty when the process is gone, a zombie, or not ours to look at. */
    static Optional<Path> workingDirectory(long pid) {
        return link(pid, "cwd").map(Path::of);
    }

    /** File name of the program, without the mark that an upgrade puts behind the name of a replaced file. */
    static Optional<String> programName(long pid) {
        return link(pid, "exe").map(target -> {
            String path = target.endsWith(" (deleted)") ? target.substring(0, target.length() - 10) : target;
            return path.substring(path.lastIndexOf('/') + 1);
        });
    }

    private static Optional<String> link(long pid, String name) {
        try {
            return Optional.of(Files.readSymbolicLink(PROC.resolve(pid + "/" + name)).toString());
        } catch (IOException | RuntimeException gone) {
            return Optional.empty();
        }
    }

    /** The first argument: for PostgreSQL's processes the title they show in {@code ps}. */
    static Optional<String> title(long pid) {
        return read(PROC.resolve(pid + "/cmdline")).map(text -> {
            int end = text.indexOf('\0');
            return end < 0 ? text : text.substring(0, end);
        });
    }

    /** Direct children that have not ended. */
    static List<Long> children(long pid) {
        Optional<String> listed = read(PROC.resolve(pid + "/task/" + pid + "/children"));
        List<Long> found = new ArrayList<>();
        if (listed.isPresent()) {
            for (String child : listed.get().trim().split(" ")) {
                if (!child.isEmpty()) {
                    stat(Long.parseLong(child)).filter(Stat::isAlive).ifPresent(alive -> found.add(alive.pid()));
                }
            }
            return found;
        }
        for (long candidate : pids()) {
            stat(candidate).filter(stat -> stat.parentPid() == pid && stat.isAlive())
                    .ifPresent(alive -> found.add(alive.pid()));
        }
        return found;
    }

    /** How many processes have a piece of System V shared memory attached; empty when there is none of this number. */
    static OptionalLong sharedMemoryUsers(long id) {
        return read(PROC.resolve("sysvipc/shm")).map(text -> sharedMemoryUsers(text, id)).orElse(OptionalLong.empty());
    }

    static OptionalLong sharedMemoryUsers(String table, long id) {
        List<String[]> rows = table.lines().map(line -> line.strip().split(" +", -1)).toList();
        int users = rows.isEmpty() ? -1 : List.of(rows.getFirst()).indexOf("nattch");
        int number = rows.isEmpty() ? -1 : List.of(rows.getFirst()).indexOf("shmid");
        if (users < 0 || number < 0) {
            return OptionalLong.empty();
        }
        return rows.stream().skip(1).filter(row -> row.length > users && row[number].equals(Long.toString(id)))
                .mapToLong(row -> Long.parseLong(row[users])).findFirst();
    }

    static List<Long> pids() {
        try (Stream<Path> entries = Files.list(PROC)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> name.chars().allMatch(Character::isDigit)).map(Long::parseLong).toList();
        } catch (IOException | RuntimeException unreadable) {
            return List.of();
        }
    }

    /** Start time of a process in seconds since 1970. */
    static OptionalLong startEpochSeconds(Stat stat) {
        Optional<String> kernel = read(PROC.resolve("stat"));
        if (kernel.isEmpty()) {
            return OptionalLong.empty();
        }
        return kernel.get().lines().filter(line -> line.startsWith("btime "))
                .mapToLong(line -> Long.parseLong(line.substring(6).trim()) + stat.startTicks() / TICKS_PER_SECOND)
                .findFirst();
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }
}
