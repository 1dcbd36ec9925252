package carpool.orchestrator.control;

import carpool.orchestrator.core.ClientNetworkRule;
import carpool.orchestrator.core.ClientSight;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.FailbackRule;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.core.Passage;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.peers.ElectionPeer;
import carpool.orchestrator.peers.ReplicatorPeer;
import carpool.orchestrator.pool.PoolReading;
import carpool.orchestrator.v1.Kept;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.WitnessChange;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the gRPC service needs from the rest: implemented by the shell.
public interface Node {

  /// All pools, in the order of the configuration.
  List<PoolStatus> pools();

  /// What stands against this node because of its pools.
  List<StandingCause> causes();

  /// Passages of all pools, newest first.
  List<Passed> passages();

  /// When the witness was lost and came back since the start of this process, newest first.
  List<WitnessChange> witnessChanges();

  /// The clients' networks, one for each election group that a pool follows.
  List<NetworkStatus> networks();

  /// Asks one pool; what happens on the way, and the end, are told on other threads. False when
  /// there is no such pool.
  ///
  /// @param deadline after which it is answered in any case; zero: none
  boolean ask(String pool, Command command, Duration deadline, Listener listener);

  /// What the other node's orchestrator left lately; empty when nothing.
  Note peerNote();

  /// Moves of living pools that both nodes agree on, one for each election group that a pool
  /// follows.
  List<GroupMoves> moves();

  /// The election groups that move together with this one, itself included.
  List<String> movesWith(String group);

  /// The addresses of this election group appear after its pools are served (`vip: when-ready`).
  boolean addressComesLast(String group);

  /// Forgets the moves of these pools that must not be repeated yet.
  void forgetMoves(List<String> pools);

  /// What is kept over restarts.
  Kept kept();

  /// Switches maintenance of the whole node. Waits for the answers of the pools' machines.
  IntentAnswer maintenance(boolean on, String cause);

  /// Switches unmanaged mode of the whole node, likewise.
  IntentAnswer unmanaged(boolean on, String cause);

  /// From now on, everything that happens, in order; the first calls are one per pool.
  ///
  /// @param onOver called when the process stops
  /// @return ends it
  Runnable watch(Consumer<Happening> listener, Runnable onOver);

  ReplicatorPeer replicator();

  ElectionPeer election();

  /// Told about a command.
  interface Listener {
    void step(StepRecord step);

    /// The last call. An empty reason is success.
    void end(String reason, String text, String hint);
  }

  /// What became of a wish for the whole node. An empty reason: it is durable and obeyed.
  record IntentAnswer(String reason, String text, String hint, List<IntentOutcome> outcomes) {}

  /// What happens to one pool, or to one group that no pool follows.
  ///
  /// @param pending steps are still being taken
  record IntentOutcome(String pool, String group, String text, boolean pending) {}

  /// One pool.
  record PoolStatus(PoolSpec spec, PoolView view, PoolReading reading, Clock clock) {}

  /// What the two nodes agree on for the pools of a group.
  ///
  /// @param own what this node says of itself
  /// @param peer what the other one says of itself; null: nothing lately
  /// @param wish of this node to have the pools back
  /// @param cause of a move that there is a reason for; empty: there is none
  /// @param refusal why it is not made; empty: it is
  record GroupMoves(
      String group,
      GroupSight own,
      @Nullable GroupSight peer,
      FailbackRule.Wish wish,
      String cause,
      String refusal) {}

  /// A clients' network.
  record NetworkStatus(String group, ClientSight sight, ClientNetworkRule.Verdict verdict) {}

  /// Turns the monotonic times of the core into dates.
  ///
  /// @param unixMillis now
  /// @param nanos the same moment on the monotonic clock
  record Clock(long unixMillis, long nanos) {
    /// The date of a monotonic time.
    public long unixMillisOf(long atNanos) {
      return unixMillis + (atNanos - nanos) / 1_000_000;
    }
  }

  /// A cause of demotion.
  record StandingCause(String group, String cause, int amount, long sinceUnixMillis, String text) {}

  /// A passage of one pool.
  record Passed(String pool, Passage passage, Clock clock) {}

  /// Something that happened.
  ///
  /// @param number 1, 2, 3, … since the process started
  /// @param event snapshot, state, step, service, demotion, warning
  record Happening(
      long number,
      long unixMillis,
      String event,
      String cause,
      PoolStatus pool,
      @Nullable StepRecord step) {}
}
