package carpool.cli;

import carpool.kit.text.HumanNumber;
import carpool.replicator.v1.SyncResult;
import java.util.List;

/// Prints what a synchronisation or verification will handle.
final class SyncResults {

  private SyncResults() {}

  static int print(NodeCommand command, List<SyncResult> results, String verb) {
    var done = true;
    for (var result : results) {
      if (!command.accepted(
          result.getResource(), result.getMessage(), result.hasError(), result.getError())) {
        done = false;
      } else if (!command.json()) {
        command
            .out()
            .println(
                "%s: %s %s; progress: carpool status"
                    .formatted(
                        result.getResource(), verb, HumanNumber.bytes(result.getTotalBytes())));
      }
    }
    return done ? Exit.DONE : Exit.FAILED;
  }
}
