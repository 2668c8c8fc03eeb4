package org.jpatroni.decide;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The catalogue in {@code docs/ha-rules.md} is generated from the rules and must be fresh. */
class RuleCatalogueTest {

    private static final Path PAGE = Path.of("docs", "ha-rules.md");

    @Test
    void idsAreUnique() {
        assertThat(HaRules.CATALOGUE.stream().map(Rule::id)).doesNotHaveDuplicates();
    }

    @Test
    void everyRuleSaysWhen() {
        assertThat(HaRules.CATALOGUE).allSatisfy(rule -> assertThat(rule.when()).as(rule.id()).isNotBlank());
    }

    @Test
    void pageIsFresh() throws IOException {
        String wanted = page();
        if (Boolean.getBoolean("catalogue.write")) {
            Files.createDirectories(PAGE.getParent());
            Files.writeString(PAGE, wanted);
        }
        assertThat(PAGE).as("write it anew: mvn -q test -Dtest=RuleCatalogueTest -Dcatalogue.write=true")
                .exists().hasContent(wanted);
    }

    private static String page() {
        StringBuilder text = new StringBuilder(
                """
                        # The rules of the HA loop

                        Generated from the catalogue in `org.jpatroni.decide`; a test fails when this page is stale.

                        In every step of a cycle the rules are asked in this order, and the first that has something to say decides. The id stands in the
                        log (at DEBUG), in the metric `jpatroni_ha_rule_total{rule="..."}` and in the transcripts of the simulation.

                        | # | rule | when | why |
                        |---|---|---|---|
                        """);
        int number = 1;
        for (Rule rule : HaRules.CATALOGUE) {
            text.append("| ").append(number++).append(" | `").append(rule.id()).append("` | ").append(rule.when())
                    .append(" | ").append(rule.why()).append(" |\n");
        }
        return text.toString();
    }
}
