package org.jpatroni.app;

/** The daemon cannot start; the message is one line for the operator that names the setting or the file. */
final class StartException extends Exception {

    private static final long serialVersionUID = 1;

    StartException(String message) {
        super(message);
    }
}
