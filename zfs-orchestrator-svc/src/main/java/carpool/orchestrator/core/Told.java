package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.List;

/// What was told last, so that only what changed is told again.
final class Told {
  final List<ServiceView> services = new ArrayList<>();
  Phase phase = Phase.STARTING;

  /// Nanoseconds, monotonic: since when the phase is that.
  long phaseSince;

  Memory memory;

  Told(Memory memory) {
    this.memory = memory;
  }
}
