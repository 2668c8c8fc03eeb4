package org.jpatroni.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text of {@code postgresql.conf} without the lines that PostgreSQL refuses: one bad value must not keep a server from starting. PostgreSQL
 * is asked once about each text. Not for several threads at once.
 */
final class AcceptedText {

    private static final Logger LOG = LoggerFactory.getLogger(AcceptedText.class);
    private static final int ROUNDS = 3;

    private final SettingsProbe probe;
    private final ConfigurationFiles files;
    private final Path trial;
    private final BiFunction<Map<String, String>, Map<String, String>, String> render;
    private String probed = "";
    private String accepted = "";
    private Optional<String> unproven = Optional.empty();

    /**
     * @param trial where a text is written to be asked about
     * @param render makes the text from parameters and recovery settings
     */
    AcceptedText(SettingsProbe probe, ConfigurationFiles files, Path trial,
            BiFunction<Map<String, String>, Map<String, String>, String> render) {
        this.probe = probe;
        this.files = files;
        this.trial = trial;
        this.render = render;
    }

    /** What PostgreSQL takes of these settings. */
    String text(NavigableMap<String, String> values, Map<String, String> recovery) throws IOException {
        NavigableMap<String, String> kept = new TreeMap<>(values);
        NavigableMap<String, String> recoveryLines = new TreeMap<>(recovery);
        String whole = render.apply(kept, recoveryLines);
        if (knows(whole)) {
            return accepted;
        }
        String text = whole;
        for (int round = 0; round < ROUNDS && !text.equals(accepted); round++) {
            boolean ours = false;
            for (SettingsProbe.Complaint complaint : complaints(text)) {
                String value = kept.remove(complaint.parameter());
                if (value == null) {
                    value = recoveryLines.remove(Quoting.parameterKey(complaint.parameter()));
                }
                if (value != null) {
                    ours = true;
                    LOG.warn("Removing parameter={} value={} from the config: {}", complaint.parameter(), value,
                            complaint.text());
                }
            }
            if (!ours) {
                break;
            }
            text = render.apply(kept, recoveryLines);
        }
        probed = whole;
        accepted = text;
        return text;
    }

    private List<SettingsProbe.Complaint> complaints(String text) throws IOException {
        try {
            files.writeUnsynced(trial, text);
            return probe.complaints(trial);
        } finally {
            Files.deleteIfExists(trial);
        }
    }

    private boolean knows(String whole) {
        return whole.equals(probed);
    }

    /** A text that a running server is to say about whether it takes it; false when that is known already. */
    boolean propose(String whole) {
        if (knows(whole)) {
            return false;
        }
        unproven = Optional.of(whole);
        return true;
    }

    boolean isUnproven() {
        return unproven.isPresent();
    }

    /** @param taken the server takes all of what was proposed */
    void settle(boolean taken) {
        if (taken && unproven.isPresent()) {
            probed = unproven.get();
            accepted = probed;
        }
        unproven = Optional.empty();
    }

    /** What was refused once may be right by now: an extension was installed, the server is another version. */
    void forgetRefusals() {
        if (!accepted.equals(probed)) {
            probed = "";
        }
    }
}
