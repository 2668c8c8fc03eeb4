package org.jpatroni.dcs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jpatroni.dcs.KeyValueClient.Change;
import org.jpatroni.dcs.KeyValueClient.Entry;
import org.jpatroni.model.ClusterSnapshot;
import org.jpatroni.model.Lsn;
import org.jpatroni.model.Member;
import org.jpatroni.model.StoredStatus;
import org.jspecify.annotations.Nullable;

/**
 * What this member's own keys held when last read or written, so that unchanged ones need not be written again. Snapshots are read by
 * other threads too: one that was begun before a write says nothing about the key written.
 */
final class KnownKeys {

    /** The first version of Patroni that reads {@code status} instead of {@code optime/leader}. */
    private static final int[] READS_STATUS_SINCE = {2, 1, 0};

    private final ClusterKeys keys;
    private final String memberName;

    private long writes;
    private @Nullable String memberText;
    private String memberSession = "";
    private @Nullable String statusText;
    private StoredStatus status = StoredStatus.EMPTY;
    private boolean legacyOptimeWanted;
    private Optional<Long> leaderVersion = Optional.empty();
    private volatile String awaitedKey = "";

    KnownKeys(ClusterKeys keys, String memberName) {
        this.keys = keys;
        this.memberName = memberName;
    }

    /** Call before reading; hand the ticket to {@link #read}. */
    synchronized long beginReading() {
        return writes;
    }

    synchronized void read(long ticket, List<Entry> entries, ClusterSnapshot snapshot) {
        awaitedKey = snapshot.leaderMember().filter(leader -> leader.role().equals(Optional.of("replica")))
                .map(leader -> keys.member(leader.name())).orElse("");
        if (ticket != writes) {
            return;
        }
        memberText = null;
        statusText = null;
        leaderVersion = Optional.empty();
        String memberKey = keys.member(memberName);
        for (Entry entry : entries) {
            if (entry.key().equals(memberKey)) {
                memberText = entry.value();
                memberSession = entry.sessionId();
            } else if (entry.key().equals(keys.status())) {
                statusText = entry.value();
            } else if (entry.key().equals(keys.leader()) && entry.value().equals(memberName)) {
                leaderVersion = Optional.of(entry.version());
            }
        }
        status = snapshot.status();
        legacyOptimeWanted = snapshot.members().stream().anyMatch(KnownKeys::readsOldKeys);
    }

    /** Whether this is the member key of a leader that did not call itself one yet: others wait for it to say that it takes writes. */
    boolean awaits(String key) {
        return key.equals(awaitedKey);
    }

    /** Version of the leader key when it was last read, if it was this member's. */
    synchronized Optional<Long> leaderVersion() {
        return leaderVersion;
    }

    synchronized boolean memberIs(String text, String sessionId) {
        return text.equals(memberText) && memberSession.equals(sessionId);
    }

    synchronized void memberUncertain() {
        writes++;
        memberText = null;
    }

    synchronized void memberWritten(String text, String sessionId) {
        writes++;
        memberText = text;
        memberSession = sessionId;
    }

    /** The writes that store the status; none when it is stored already. */
    synchronized List<Change> statusChanges(Optional<StoredStatus> wanted) {
        List<Change> changes = new ArrayList<>();
        if (wanted.isPresent()) {
            String text = ClusterCodec.encodeStatus(wanted.get());
            if (!text.equals(statusText)) {
                changes.add(new Change.Put(keys.status(), text, false));
                if (legacyOptimeWanted) {
                    changes.add(new Change.Put(keys.legacyOptime(), Long.toString(wanted.get().leaderLsn().bytes()),
                            false));
                }
            }
        }
        return changes;
    }

    synchronized void statusWritten(Optional<StoredStatus> wanted, boolean won) {
        writes++;
        statusText = won ? wanted.map(ClusterCodec::encodeStatus).orElse(null) : null;
        if (won) {
            status = wanted.orElse(status);
        }
    }

    synchronized void forgetStatus() {
        writes++;
        statusText = null;
    }

    /** The stored status with another position: slots stay as they were. */
    synchronized StoredStatus statusWith(Lsn lsn) {
        return new StoredStatus(lsn, status.slots(), status.retainSlots());
    }

    private static boolean readsOldKeys(Member member) {
        String[] parts = member.version().orElse("").split("\\.", -1);
        try {
            for (int i = 0; i < READS_STATUS_SINCE.length; i++) {
                int part = i < parts.length ? Integer.parseInt(parts[i]) : -1;
                if (part != READS_STATUS_SINCE[i]) {
                    return part < READS_STATUS_SINCE[i];
                }
            }
            return false;
        } catch (NumberFormatException notAVersion) {
            return false;
        }
    }
}
