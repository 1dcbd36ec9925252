package carpool.election.core;

import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.DropReason;
import carpool.election.core.wire.IpAddress;
import java.util.List;

/// What [Inbound] makes of a packet.
public sealed interface Verdict {

  /// Things to count, whatever the outcome.
  List<Suspicion> suspicions();

  /// To be handed to the machine.
  record Accepted(IpAddress source, Advertisement heard, List<Suspicion> suspicions)
      implements Verdict {}

  /// To be counted and forgotten.
  record Dropped(DropReason reason, List<Suspicion> suspicions) implements Verdict {}
}
