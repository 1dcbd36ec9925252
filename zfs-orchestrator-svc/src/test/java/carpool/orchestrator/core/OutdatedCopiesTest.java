package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.OutdatedCopies.Candidate;
import carpool.orchestrator.core.OutdatedCopies.Heard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Dialogues: what the replicator and CARP tell at which second, and what is marked. The hold is 30
/// s, so a master proves something when it is heard 35 s after the loss.
final class OutdatedCopiesTest {
  private static final long SECOND = Bench.SECOND;

  private final OutdatedCopies copies = new OutdatedCopies(30 * SECOND);

  /// Each line: second, then `down|up RESOURCE`, `hear STATE SKEW SILENT` (seconds since the last
  /// advertisement) or `answer SILENT` (what the replicator says of the peer) to the last
  /// candidates; lines that begin with `>` are the trace.
  private String play(String script) {
    var trace = new ArrayList<String>();
    List<Candidate> candidates = List.of();
    var heard = new Heard(Carp.UNKNOWN, 0, 0);
    for (var line : script.lines().filter(each -> !each.startsWith(">")).toList()) {
      trace.add(line);
      var words = List.of(line.split(" "));
      long now = Long.parseLong(words.get(0)) * SECOND;
      switch (words.get(1)) {
        case "down", "up" -> copies.seen(now, words.get(2), words.get(1).equals("down"));
        case "hear" -> {
          heard =
              new Heard(
                  Carp.valueOf(words.get(2)),
                  Long.parseLong(words.get(4)) * SECOND,
                  Long.parseLong(words.get(3)));
          candidates = copies.candidates(now, heard, List.of("disk1", "disk2"));
          trace.add("> ask " + candidates.stream().map(Candidate::resource).toList());
        }
        case "answer" -> {
          for (var candidate : candidates) {
            var yes = copies.confirmed(heard, Long.parseLong(words.get(2)) * SECOND);
            trace.add("> " + candidate.resource() + (yes ? " marked" : " left alone"));
            if (yes) {
              copies.marked(candidate);
            }
          }
        }
        default -> throw new IllegalArgumentException(line);
      }
    }
    return String.join("\n", trace) + "\n";
  }

  private void plays(String script) {
    assertThat(play(script)).isEqualTo(script);
  }

  @Test
  void copyIsMarkedOncePerLoss() {
    plays(
        """
        0 down disk1
        30 hear BACKUP 0 1
        > ask []
        37 hear BACKUP 0 1
        > ask [disk1]
        37 answer 37
        > disk1 marked
        40 hear BACKUP 0 1
        > ask []
        41 up disk1
        42 down disk1
        60 hear BACKUP 0 1
        > ask []
        80 hear BACKUP 0 1
        > ask [disk1]
        80 answer 38
        > disk1 marked
        """);
  }

  @Test
  void whatTheReplicatorKnowsDecides() {
    plays(
        """
        0 down disk1
        0 down disk2
        40 hear BACKUP 0 1
        > ask [disk1, disk2]
        40 answer 3
        > disk1 left alone
        > disk2 left alone
        43 hear BACKUP 0 1
        > ask [disk1, disk2]
        43 answer 43
        > disk1 marked
        > disk2 marked
        """);
  }

  /// The replicator is asked without a lock, and takes its time.
  @Test
  void markOfAnEarlierLossIsNotOneOfTheNext() {
    plays(
        """
        0 down disk1
        40 hear BACKUP 0 1
        > ask [disk1]
        41 up disk1
        42 down disk1
        43 answer 43
        > disk1 marked
        80 hear BACKUP 0 1
        > ask [disk1]
        """);
  }

  @Test
  void masterThatIsDemotedOrFellSilentProvesNothing() {
    plays(
        """
        0 down disk1
        60 hear BACKUP 240 1
        > ask []
        60 hear BACKUP 0 55
        > ask []
        60 hear MASTER 0 1
        > ask []
        """);
  }
}
