package carpool.kit.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The names under which a host finds its own entries: full host name, its first label, host UUID,
/// host id; the order and the rules of FreeBSD's sbin/hastd/parse.y `isitme`.
///
/// @param uuid compared without regard to case
/// @param hostId decimal; matches the word `hostidN`
public record HostIdentity(String hostName, Optional<String> uuid, Optional<String> hostId) {

  /// A host of which only the name is known, as given by `--node`.
  public static HostIdentity named(String hostName) {
    return new HostIdentity(hostName, Optional.empty(), Optional.empty());
  }

  /// The identity of this machine.
  public static HostIdentity ofThisMachine() {
    return new HostIdentity(
        readFirstLine("/proc/sys/kernel/hostname").orElseGet(HostIdentity::nameFromResolver),
        readFirstLine("/sys/class/dmi/id/product_uuid"),
        Optional.empty());
  }

  /// Whether a section named `word` is this host's.
  public boolean matches(String word) {
    return word.equals(hostName)
        || word.equals(firstLabel())
        || uuid.filter(u -> u.equalsIgnoreCase(word)).isPresent()
        || hostId.filter(id -> word.equals("hostid" + id)).isPresent();
  }

  /// Host name up to the first dot.
  public String firstLabel() {
    var dot = hostName.indexOf('.');
    return dot > 0 ? hostName.substring(0, dot) : hostName;
  }

  /// Every word that would match, in the order in which the original names them.
  public List<String> acceptableNames() {
    var names = new ArrayList<String>();
    names.add(firstLabel());
    if (!firstLabel().equals(hostName)) {
      names.add(hostName);
    }
    uuid.map(u -> u.toLowerCase(Locale.ROOT)).ifPresent(names::add);
    hostId.ifPresent(id -> names.add("hostid" + id));
    return List.copyOf(names);
  }

  private static String nameFromResolver() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static Optional<String> readFirstLine(String path) {
    try (var lines = Files.lines(Path.of(path))) {
      return lines.map(String::strip).filter(line -> !line.isEmpty()).findFirst();
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }
}
