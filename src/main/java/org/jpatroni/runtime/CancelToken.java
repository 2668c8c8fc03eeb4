package org.jpatroni.runtime;

import java.util.ArrayList;
import java.util.List;

/** Says to a long action that it shall end; the action looks at safe points, or lets itself be told. */
public final class CancelToken {

    private final List<Runnable> listeners = new ArrayList<>();
    private boolean cancelled;

    public synchronized boolean isCancelled() {
        return cancelled;
    }

    /** Cancels once; listeners run on the caller's thread and must not block. */
    public void cancel() {
        List<Runnable> toRun;
        synchronized (this) {
            if (cancelled) {
                return;
            }
            cancelled = true;
            toRun = List.copyOf(listeners);
        }
        toRun.forEach(Runnable::run);
    }

    /** Runs the listener on cancellation, at once when that has happened already. */
    public void onCancel(Runnable listener) {
        synchronized (this) {
            if (!cancelled) {
                listeners.add(listener);
                return;
            }
        }
        listener.run();
    }
}
