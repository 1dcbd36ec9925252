package carpool.election.peer;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// `ip monitor address` for all nodes of a wire: from when to when an address was where.
///
/// One process reads the events of all namespaces from one socket, so their order is the kernel's
/// however late they are read; only the times suffer from a loaded machine.
final class AddressWatch implements Guest {
  private static final Pattern LINE =
      Pattern.compile("^\\[([0-9T:.-]+)\\] \\[nsid (\\d+)\\](Deleted )?.*inet6? ([0-9a-f.:]+)/");

  private final Path log;
  private final Process process;

  /// @param end positive infinity while it is still there
  record Span(double start, double end) {}

  private AddressWatch(Path log, Process process) {
    this.log = log;
    this.process = process;
  }

  static AddressWatch start(Wire wire) {
    Path log = wire.directory().resolve("addresses");
    return wire.guest(
        new AddressWatch(
            log,
            Command.start(
                log,
                List.of("ip", "-ts", "-o", "-n", wire.hub(), "monitor", "all-nsid", "address"))));
  }

  List<Span> spans(int node, String address) {
    var out = new ArrayList<Span>();
    double since = Double.NaN;
    for (String line : Command.read(log).lines().toList()) {
      var match = LINE.matcher(line);
      boolean concerns =
          match.find()
              && match.group(2).equals(Integer.toString(node))
              && match.group(4).equals(address);
      if (!concerns) {
        continue;
      }
      double at =
          LocalDateTime.parse(match.group(1))
                  .atZone(ZoneId.systemDefault())
                  .toInstant()
                  .toEpochMilli()
              / 1e3;
      if (match.group(3) == null) {
        since = Double.isNaN(since) ? at : since;
      } else if (!Double.isNaN(since)) {
        out.add(new Span(since, at));
        since = Double.NaN;
      }
    }
    if (!Double.isNaN(since)) {
      out.add(new Span(since, Double.POSITIVE_INFINITY));
    }
    return out;
  }

  /// Seconds in which nodes 1 and 2 both had the address.
  double overlap(String address) {
    double sum = 0;
    for (var one : spans(1, address)) {
      for (var other : spans(2, address)) {
        double start = Math.max(one.start(), other.start());
        double end = Math.min(one.end(), other.end());
        sum += Math.max(0, end - start);
      }
    }
    return sum;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
