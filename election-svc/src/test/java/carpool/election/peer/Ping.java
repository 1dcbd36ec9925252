package carpool.election.peer;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// A client that asks for the virtual address ten times a second.
final class Ping implements Guest {
  private static final Pattern REPLY = Pattern.compile("^\\[([0-9.]+)\\] \\d+ bytes from");

  private final Path log;
  private final Process process;

  private Ping(Path log, Process process) {
    this.log = log;
    this.process = process;
  }

  static Ping start(Wire wire, String address) {
    Path log = wire.directory().resolve("ping");
    return wire.guest(
        new Ping(
            log,
            Command.start(
                log,
                List.of(
                    "ip",
                    "netns",
                    "exec",
                    wire.ns(wire.client()),
                    "ping",
                    "-n",
                    "-D",
                    "-i",
                    "0.1",
                    address))));
  }

  private List<Double> replies() {
    return Command.read(log)
        .lines()
        .map(REPLY::matcher)
        .filter(java.util.regex.Matcher::find)
        .map(match -> Double.parseDouble(match.group(1)))
        .toList();
  }

  void awaitReply() {
    int before = replies().size();
    Command.await(10, "a reply", () -> replies().size() > before);
  }

  /// The longest time without a reply, in seconds.
  double longestGap() {
    var times = replies();
    double longest = 0;
    for (int i = 1; i < times.size(); i++) {
      longest = Math.max(longest, times.get(i) - times.get(i - 1));
    }
    return longest;
  }

  @Override
  public void close() {
    process.destroy();
  }
}
