package carpool.election.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Debian's ucarp, vhid 1, address 10.77.0.50, password MyPassword unless said otherwise.
final class UcarpNode extends CarpNode {
  private final Path log;

  private UcarpNode(Process process, Path log) {
    super(process);
    this.log = log;
  }

  /// @param options further ones, for example `-P`, `-k 100`
  static UcarpNode start(Wire wire, int node, String password, String... options) {
    Path directory = wire.directory().resolve("ucarp" + node);
    Path log = directory.resolve("log");
    try {
      Files.createDirectories(directory);
      Files.deleteIfExists(log);
      script(directory.resolve("up"), "ip addr add $2/24 dev $1");
      script(directory.resolve("down"), "ip addr del $2/24 dev $1 2>/dev/null");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var argv = new ArrayList<>(List.of("ip", "netns", "exec", wire.ns(node), "ucarp"));
    argv.addAll(List.of("-i", "eth0", "-s", "10.77.0." + node, "-v", "1", "-p", password));
    argv.addAll(List.of("-a", "10.77.0.50", "-u", directory + "/up", "-d", directory + "/down"));
    argv.addAll(List.of(options));
    return wire.guest(new UcarpNode(Command.start(log, argv), log));
  }

  private static void script(Path file, String line) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + line + "\nexit 0\n");
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make executable: " + file);
    }
  }

  @Override
  boolean isMaster() {
    int master = log().lastIndexOf("Switching to state: MASTER");
    return master > log().lastIndexOf("Switching to state: BACKUP");
  }

  @Override
  String log() {
    return Command.read(log);
  }
}
