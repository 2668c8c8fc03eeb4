package org.jpatroni.config;

/**
 * A text that must never be printed.
 *
 * @param reveal the text itself; call it only where it is handed to its user
 */
public record Secret(String reveal) {

    @Override
    public String toString() {
        return "***";
    }
}
