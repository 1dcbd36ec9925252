package carpool.kit.testing;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class CoreRulesTest {

  @Test
  void everyForbiddenThingInACoreIsFound() {
    var sample = new ClassFileImporter().importPackages("carpool.kit.testing.sample");
    var found =
        CoreRules.rules("carpool.kit.testing.sample").stream()
            .map(rule -> rule.evaluate(sample).getFailureReport().toString())
            .toList();

    assertThat(found.get(0))
        .contains("java.nio.file.Files")
        .contains("org.slf4j")
        .doesNotContain("PureCore");
    assertThat(found.get(1)).contains("java.lang.Thread").doesNotContain("PureCore");
    assertThat(found.get(2)).contains("System.nanoTime").doesNotContain("PureCore");
    assertThat(found.get(3)).contains("System.out").doesNotContain("PureCore");
  }

  @Test
  void kitUsesNoMessageOfAService() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "carpool.replicator..",
            "carpool.election..",
            "carpool.orchestrator..",
            "carpool.peer..")
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("carpool.kit"));
  }
}
