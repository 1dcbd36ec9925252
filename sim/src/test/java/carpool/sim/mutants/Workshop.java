package carpool.sim.mutants;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/// Compiles a planted fault against what Maven has built, and knows the class path of the tests.
final class Workshop {
  private static final List<String> MODULES =
      List.of(
          "proto", "service-kit", "replicator-svc", "election-svc", "zfs-orchestrator-svc", "sim");

  private final Path root;
  private final String libraries;

  /// @param root the directory of the repository
  /// @param classPath what holds the libraries; only its jars outside of the repository are used
  Workshop(Path root, String classPath) {
    this.root = root.toAbsolutePath().normalize();
    libraries =
        String.join(
            File.pathSeparator,
            Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(entry -> entry.endsWith(".jar") && !Path.of(entry).startsWith(this.root))
                .toList());
  }

  Path directoryOf(String module) {
    return root.resolve(module);
  }

  /// The class path of the tests of `module`; `before` comes first, unless it is empty.
  String classPath(String module, String before) {
    var entries = new ArrayList<String>();
    if (!before.isEmpty()) {
      entries.add(before);
    }
    entries.add(root.resolve(module).resolve("target/test-classes").toString());
    for (var other : MODULES) {
      entries.add(root.resolve(other).resolve("target/classes").toString());
    }
    for (var other : List.of("service-kit", "sim")) {
      entries.add(root.resolve(other).resolve("target/test-classes").toString());
    }
    entries.add(libraries);
    return String.join(File.pathSeparator, entries);
  }

  /// True when Maven has built this test.
  boolean hasTest(String module, String test) {
    var file = test.replace('.', '/') + ".class";
    return Stream.of(module, "sim")
        .anyMatch(m -> Files.exists(root.resolve(m).resolve("target/test-classes").resolve(file)));
  }

  /// Compiles the changed source into `overlay`.
  ///
  /// @throws IllegalArgumentException when it does not compile
  void compile(Mutant mutant, String text, Path overlay) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var messages = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var sources = new ArrayList<JavaFileObject>();
      sources.add(new Source(root.resolve(mutant.source()).toUri(), text));
      if (mutant.changesConstant()) {
        var rest = restOf(mutant);
        files.getJavaFileObjectsFromPaths(rest).forEach(sources::add);
      }
      var options =
          List.of(
              "-d",
              overlay.toString(),
              "-cp",
              classPath(mutant.module(), ""),
              "-proc:none",
              "-implicit:none",
              "-g",
              "-nowarn");
      if (!compiler.getTask(messages, files, null, options, null, sources).call()) {
        throw new IllegalArgumentException(mutant.id() + " does not compile: " + messages);
      }
    }
  }

  private List<Path> restOf(Mutant mutant) throws IOException {
    var changed = root.resolve(mutant.source());
    try (var all = Files.walk(root.resolve(mutant.module()).resolve("src/main/java"))) {
      return all.filter(path -> path.toString().endsWith(".java"))
          .filter(path -> !path.equals(changed) && !path.endsWith("package-info.java"))
          .toList();
    }
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(URI uri, String text) {
      super(uri, Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
