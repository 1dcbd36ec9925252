package carpool.kit.testing;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;

/// The lock on the `..core..` packages: no I/O, no clock, no thread, no randomness of their own, no
/// log, no gRPC, no generated class. A service's test is one line:
/// `CoreRules.check("carpool.replicator")`.
public final class CoreRules {
  private static final String[] ALLOWED = {
    "java.lang",
    "java.lang.annotation",
    "java.lang.runtime",
    "java.lang.invoke",
    "java.util",
    "java.util.function",
    "java.util.stream",
    "java.util.zip",
    "java.math",
    "java.nio",
    "java.nio.charset",
    "java.security",
    "javax.crypto",
    "javax.crypto.spec",
    "org.jspecify.annotations",
  };

  private static final Set<String> FORBIDDEN_TYPES =
      Set.of(
          "java.lang.Thread",
          "java.lang.ThreadLocal",
          "java.lang.Process",
          "java.lang.ProcessBuilder",
          "java.lang.ProcessHandle",
          "java.lang.Runtime",
          "java.util.Timer",
          "java.util.TimerTask",
          "java.util.Random",
          "java.util.Scanner",
          "java.util.Date",
          "java.util.Calendar",
          "java.util.zip.ZipFile",
          "java.security.SecureRandom");

  private static final Set<String> FORBIDDEN_CALLS =
      Set.of(
          "java.lang.System.currentTimeMillis",
          "java.lang.System.nanoTime",
          "java.lang.System.getenv",
          "java.lang.System.getProperty",
          "java.lang.System.identityHashCode",
          "java.lang.System.exit",
          "java.lang.Object.wait",
          "java.lang.Object.notify",
          "java.lang.Object.notifyAll",
          "java.lang.Math.random",
          "java.util.UUID.randomUUID",
          "java.util.Collections.shuffle");

  private CoreRules() {}

  /// Checks the core packages below `rootPackage`; also fails when there are none, because then the
  /// rule would guard nothing.
  public static void check(String rootPackage) {
    var all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(rootPackage);
    rules(rootPackage).forEach(rule -> rule.check(all));
  }

  /// The rules themselves, for a test of the rules.
  static List<ArchRule> rules(String rootPackage) {
    var core = rootPackage + ".core..";
    return List.of(
        classes()
            .that()
            .resideInAPackage(core)
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(ALLOWED)
                    .or(resideInAnyPackage(core))
                    .or(primitivesAndArrays())
                    // A buffer in memory, whatever package it is in.
                    .or(named(Set.of("java.io.ByteArrayOutputStream"))))
            .because("a core takes events and gives effects; the shells do everything else"),
        noClasses()
            .that()
            .resideInAPackage(core)
            .should()
            .dependOnClassesThat(named(FORBIDDEN_TYPES))
            .because("a core has no clock, thread, process or randomness of its own"),
        noClasses()
            .that()
            .resideInAPackage(core)
            .should()
            .callMethodWhere(calls(FORBIDDEN_CALLS))
            .because("the same events must always give the same effects"),
        noClasses()
            .that()
            .resideInAPackage(core)
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .accessField(System.class, "in")
            .because("a core does not print; the shell logs transitions"));
  }

  private static DescribedPredicate<JavaClass> primitivesAndArrays() {
    return DescribedPredicate.describe(
        "primitive types and arrays of them",
        type ->
            type.isPrimitive() || (type.isArray() && type.getBaseComponentType().isPrimitive()));
  }

  private static DescribedPredicate<JavaClass> named(Set<String> names) {
    return DescribedPredicate.describe(
        "any of " + String.join(", ", names),
        type -> names.contains(type.getBaseComponentType().getName()));
  }

  private static DescribedPredicate<JavaCall<?>> calls(Set<String> names) {
    return DescribedPredicate.describe(
        "any of " + String.join(", ", names),
        call -> names.contains(call.getTargetOwner().getName() + "." + call.getName()));
  }
}
