package carpool.replicator.device;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Looks at what this machine has.
final class HostProbe {
  private HostProbe() {}

  static DeviceChoice.Host look() {
    return new DeviceChoice.Host(
        Files.exists(Path.of("/sys/module/nbd")) || Files.exists(Path.of("/dev/nbd0")),
        find("nbd-client").isPresent(),
        Files.isReadable(Path.of("/dev/fuse")) && Files.isWritable(Path.of("/dev/fuse")),
        find("nbdfuse").isPresent(),
        find("nbdkit").isPresent());
  }

  /// Searches the PATH, and the directories that service managers leave out of it.
  static Optional<Path> find(String program) {
    var path = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin:/sbin";
    for (var directory : path.split(File.pathSeparator, -1)) {
      var file = Path.of(directory.isEmpty() ? "." : directory, program);
      if (Files.isExecutable(file) && Files.isRegularFile(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }
}
