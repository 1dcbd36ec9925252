package carpool.sim.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The catalogue keeps up with the code: each fault can still be planted, and what it names is
/// there.
final class MutantCatalogueTest {
  private static final Path ROOT = Path.of("..");
  private static final int LEAST = 90;

  private final Catalogue catalogue = Catalogue.read(ROOT);

  @Test
  void everyFaultCanBePlanted() {
    for (var mutant : catalogue.mutants()) {
      assertThat(mutant.plantedIn(catalogue.sourceOf(mutant))).as(mutant.id()).isNotEmpty();
    }
  }

  @Test
  void everyFaultNamesWhatFindsIt() {
    var workshop = new Workshop(ROOT, "");
    for (var mutant : catalogue.mutants()) {
      assertThat(mutant.tests().size() + mutant.worlds().size()).as(mutant.id()).isPositive();
      assertThat(mutant.tests())
          .as(mutant.id())
          .allMatch(test -> workshop.hasTest(mutant.module(), test));
    }
  }

  @Test
  void catalogueIsAsLargeAsPromised() {
    assertThat(
            catalogue.mutants().stream()
                .filter(mutant -> mutant.equivalent().isEmpty() && !mutant.untried()))
        .hasSizeGreaterThanOrEqualTo(LEAST);
  }

  @Test
  void everyLayerIsInTheSample() {
    var layers = catalogue.mutants().stream().map(Mutant::layer).distinct().toList();
    assertThat(catalogue.sample(MutantSampleTest.SIZE).stream().map(Mutant::layer).distinct())
        .containsExactlyInAnyOrderElementsOf(layers);
  }
}
