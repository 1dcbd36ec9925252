package carpool.election.peer;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// `ip monitor address` on one node: from when to when an address was there.
final class AddressWatch implements Guest {
  private static final Pattern LINE =
      Pattern.compile("^\\[([0-9T:.-]+)\\] (Deleted )?.*inet6? ([0-9a-f.:]+)/");

  private final Path log;
  private final Process process;

  /// @param end positive infinity while it is still there
  record Span(double start, double end) {}

  private AddressWatch(Path log, Process process) {
    this.log = log;
    this.process = process;
  }

  static AddressWatch start(Wire wire, int node) {
    Path log = wire.directory().resolve("addresses" + node);
    return wire.guest(
        new AddressWatch(
            log,
            Command.start(
                log, List.of("ip", "-ts", "-o", "-n", wire.ns(node), "monitor", "address"))));
  }

  List<Span> spans(String address) {
    var out = new ArrayList<Span>();
    double since = Double.NaN;
    for (String line : Command.read(log).lines().toList()) {
      var match = LINE.matcher(line);
      if (!match.find() || !match.group(3).equals(address)) {
        continue;
      }
      double at =
          LocalDateTime.parse(match.group(1))
                  .atZone(ZoneId.systemDefault())
                  .toInstant()
                  .toEpochMilli()
              / 1e3;
      if (match.group(2) == null) {
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

  /// Seconds in which both nodes had the address.
  static double overlap(AddressWatch a, AddressWatch b, String address) {
    double sum = 0;
    for (var one : a.spans(address)) {
      for (var other : b.spans(address)) {
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
