package carpool.replicator.quorum;

import carpool.replicator.core.Identity;
import carpool.replicator.core.Tenure;
import java.util.List;
import java.util.function.Consumer;

/// What a node asks the other about a pool.
public interface PeerCalls {
  /// How a question ended.
  ///
  /// @param text for people; empty when granted
  record Answer(Kind kind, String text) {
    /// What the peer said, if anything.
    public enum Kind {
      GRANTED,
      REFUSED,
      /// The peer has no witness for this pool, or does not know this question.
      NO_WITNESS,
      /// Nobody answered in time, or the peer could not say.
      UNREACHABLE
    }

    /// The peer agrees.
    public boolean granted() {
      return kind == Kind.GRANTED;
    }
  }

  /// A copy of this node.
  record Claim(String resource, Tenure tenure, Identity identity) {}

  /// The answer to a keep-alive.
  ///
  /// @param incarnation the peer's; 0 when it has agreed on none
  record Echo(boolean promised, boolean noWitness, long incarnation) {}

  /// Asks for the lease; does not block. `answered` is called at most once, on any thread, and not
  /// at all when there is no answer.
  ///
  /// @param leaseNanos for how long after `sentNanos` this node answers its clients
  void keepAlive(PoolName pool, long sentNanos, long leaseNanos, Consumer<Echo> answered);

  /// In the session: may this node become primary? Blocks for a few seconds at most.
  ///
  /// @param leaseNanos for how long after the question this node answers its clients
  Answer askPromotion(PoolName pool, long leaseNanos);

  /// Over any path: this primary goes stand-alone. Blocks for a few seconds at most.
  Answer outdate(PoolName pool, List<Claim> claims);

  /// Both are to trust this incarnation. Blocks for a few seconds at most.
  Answer agree(PoolName pool, long incarnation);

  /// A pool and the resource that leads to the peer.
  record PoolName(String pool, String resource) {}
}
