package carpool.deploy;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// One lab for all scenarios of a class, because starting one takes half a minute. Each scenario
/// finds a steady pair and has to leave one; after a failure the next one gets a new lab, and what
/// both nodes can tell is in `target/e2e/SCENARIO`.
final class SharedLab
    implements BeforeEachCallback, AfterEachCallback, AfterAllCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(SharedLab.class);

  private final Consumer<Node> prepare;
  private final boolean witness;

  SharedLab() {
    this(_ -> {});
  }

  /// @param prepare what is different about its nodes, before they are started
  SharedLab(Consumer<Node> prepare) {
    this(prepare, false);
  }

  private SharedLab(Consumer<Node> prepare, boolean witness) {
    this.prepare = prepare;
    this.witness = witness;
  }

  /// A lab whose nodes go by a witness in a third container.
  static SharedLab withWitness() {
    return new SharedLab(node -> node.withEnv("CARPOOL_LAB_WITNESS", Lab.WITNESS_URL), true);
  }

  /// Closed by JUnit at the end of the run.
  private static final class Held implements AutoCloseable {
    private final Consumer<Node> prepare;
    private final boolean witness;
    private @Nullable Lab lab;

    Held(Consumer<Node> prepare, boolean witness) {
      this.prepare = prepare;
      this.witness = witness;
    }

    Lab get() throws InterruptedException {
      if (lab == null) {
        var fresh = new Lab(prepare);
        lab = fresh;
        if (witness) {
          fresh.witness.start();
        }
        fresh.start();
      }
      return lab;
    }

    @Override
    public void close() {
      if (lab != null) {
        lab.close();
        lab = null;
      }
    }
  }

  private Held held(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(
            context.getRequiredTestClass(), _ -> new Held(prepare, witness), Held.class);
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    var held = held(context);
    try {
      held.get().awaitSteady();
    } catch (AssertionError e) {
      collect(context, held);
      held.close();
      throw e;
    }
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    if (context.getExecutionException().isPresent()) {
      var held = held(context);
      collect(context, held);
      held.close();
    }
  }

  /// The networks of two labs would be the same ones.
  @Override
  public void afterAll(ExtensionContext context) {
    held(context).close();
  }

  private static void collect(ExtensionContext context, Held held) throws Exception {
    var lab = held.lab;
    if (lab != null) {
      var scenario = context.getRequiredTestMethod().getName();
      lab.collect(scenario);
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Lab.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    try {
      return held(context).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
