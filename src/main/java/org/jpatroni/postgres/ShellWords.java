package org.jpatroni.postgres;

import java.util.ArrayList;
import java.util.List;

/** Splits a command of the configuration into words as a shell does: blanks, both quotes, backslash. Nothing is expanded. */
final class ShellWords {

    private ShellWords() {
    }

    /**
     * The words of a command.
     *
     * @throws IllegalArgumentException when a quote is not closed
     */
    static List<String> split(String command) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean inWord = false;
        char quote = 0;
        for (int i = 0; i < command.length(); i++) {
            char c = command.charAt(i);
            boolean escapes = c == '\\' && quote != '\'';
            if (escapes) {
                char next = i + 1 < command.length() ? command.charAt(i + 1) : '\0';
                if (quote == '"' && next != '"' && next != '\\') {
                    // Inside double quotes only these two are escaped; the backslash itself stays otherwise.
                    word.append(c);
                } else if (next == '\0') {
                    throw new IllegalArgumentException("nothing after the last backslash in: " + command);
                } else {
                    word.append(next);
                    i++;
                }
                inWord = true;
            } else if (quote != 0) {
                if (c == quote) {
                    quote = 0;
                } else {
                    word.append(c);
                }
            } else if (c == '\'' || c == '"') {
                quote = c;
                inWord = true;
            } else if (Character.isWhitespace(c)) {
                if (inWord) {
                    words.add(word.toString());
                    word.setLength(0);
                    inWord = false;
                }
            } else {
                word.append(c);
                inWord = true;
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException("a quote is not closed in: " + command);
        }
        if (inWord) {
            words.add(word.toString());
        }
        return words;
    }
}
