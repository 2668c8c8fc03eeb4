package org.jpatroni.tidy;

/** One broken house rule: where, which, and what to do instead. Printed so that an editor can jump to it. */
record Violation(String file, long line, String rule, String text) {

    @Override
    public String toString() {
        return file + ":" + line + ": [" + rule + "] " + text;
    }
}
