package org.jpatroni.sim;

import java.util.NavigableMap;
import org.jpatroni.model.SlotStep;

/** Physical replication slots of a simulated server. Logical ones are no part of the model. */
final class SimSlots {

    private SimSlots() {
    }

    /** Creates, drops or advances one. */
    static void change(SimPostgres server, SlotStep step) {
        NavigableMap<String, Long> slots = server.slots();
        long end = server.wal().endLsn();
        switch (step) {
            case SlotStep.Drop drop -> {
                if (!server.receiver().isSlotActive(drop.name())) {
                    slots.remove(drop.name());
                }
            }
            case SlotStep.CreatePhysical create -> slots.putIfAbsent(create.name(), end);
            case SlotStep.AdvancePhysical advance -> slots.computeIfPresent(advance.name(),
                    (name, position) -> Math.max(position, Math.min(advance.to().bytes(), end)));
            case SlotStep.CreateLogical create -> server.trace("not in the model: " + create);
            case SlotStep.AdvanceLogical advance -> server.trace("not in the model: " + advance);
            case SlotStep.Confirm confirm -> server.trace("not in the model: " + confirm);
            case SlotStep.Feedback feedback -> server.trace("not in the model: " + feedback);
        }
    }
}
