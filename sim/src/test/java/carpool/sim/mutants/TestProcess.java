package carpool.sim.mutants;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Runs the test classes named on its command line and ends at the first failure: 0 all passed, 1
/// one failed (the last line says which), [#NOTHING_TESTED]. Processes that a test started end with
/// it.
final class TestProcess {
  /// Before the name of the test that failed.
  static final String FAILED = "failed: ";

  /// Exit status; none that a program under test ends with.
  static final int NOTHING_TESTED = 93;

  private int passed;

  private TestProcess() {}

  /// Runs the program.
  public static void main(String[] args) {
    var request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(args).map(name -> selectClass(name)).toList())
            .build();
    var process = new TestProcess();
    LauncherFactory.create().execute(request, process.new Listener());
    end(process.passed > 0 ? 0 : NOTHING_TESTED);
  }

  private static void end(int status) {
    System.out.flush();
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    Runtime.getRuntime().halt(status);
  }

  private final class Listener implements TestExecutionListener {
    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      switch (result.getStatus()) {
        case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
        case ABORTED -> {}
        case FAILED -> {
          result.getThrowable().ifPresent(Throwable::printStackTrace);
          if (test.getParentId().isEmpty()) { // not a test, but what looks for them
            end(NOTHING_TESTED);
          }
          System.out.println();
          System.out.println(
              FAILED + test.getUniqueId().replaceAll("\\[engine:[^]]*]/|[\\[\\]]", ""));
          end(1);
        }
      }
    }
  }
}
