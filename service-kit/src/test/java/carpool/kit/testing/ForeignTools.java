package carpool.kit.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// Programs that are not ours and that tests with the tag `peer` talk to. Nothing is installed
/// here: `deploy/test` does that.
public final class ForeignTools {

  private ForeignTools() {}

  /// A program: named by the system property `carpool.NAME`, in `deploy/target/tools`, or in PATH.
  public static Optional<Path> find(String name) {
    return Stream.of(
            Stream.ofNullable(System.getProperty("carpool." + name)).map(Path::of),
            Stream.of("", "..")
                .map(up -> Path.of(up, "deploy/target/tools/node_modules/.bin", name)),
            Stream.of("", "..").map(up -> Path.of(up, "deploy/target/tools/bin", name)),
            Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":", -1))
                .map(directory -> Path.of(directory, name)))
        .flatMap(s -> s)
        .filter(Files::isExecutable)
        .map(Path::toAbsolutePath)
        .findFirst();
  }
}
