package carpool.sim.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// A fixed sample of the planted faults in every build: what finds them still does. All of them:
/// `deploy/test --mutants`.
final class MutantSampleTest {
  static final int SIZE = 11;

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final long LIMIT_SECONDS = 60;

  @Test
  void sampleIsFound() throws Exception {
    var catalogue = Catalogue.read(ROOT);
    var classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", ""));
    var planter = new Planter(catalogue, new Workshop(ROOT, classPath), LIMIT_SECONDS, true);
    for (var mutant : catalogue.sample(SIZE)) {
      assertThat(planter.withoutFault(mutant.module(), mutant.tests(), mutant.worlds()))
          .as("%s without the fault", mutant.id())
          .isEmpty();
      var trial = planter.plant(mutant);
      System.out.println(Table.line(trial));
      assertThat(trial.outcome()).as(Table.line(trial)).isEqualTo(Trial.Outcome.KILLED);
    }
  }
}
