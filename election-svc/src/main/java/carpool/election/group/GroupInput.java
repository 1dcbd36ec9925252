package carpool.election.group;

import carpool.election.core.CarpEvent;
import carpool.election.core.ReceivedPacket;
import java.util.function.LongFunction;

/// What a group's loop is given.
sealed interface GroupInput {

  /// An event, made when its turn comes: the argument is the loop's clock then.
  record Event(LongFunction<CarpEvent> at) implements GroupInput {}

  /// A packet of protocol 112, not yet judged.
  record Packet(ReceivedPacket packet) implements GroupInput {}

  /// Work on the group's own things, on its own thread.
  record Task(Runnable work) implements GroupInput {}
}
