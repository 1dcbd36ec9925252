package carpool.replicator.quorum;

import carpool.kit.boot.Host;
import carpool.replicator.core.witness.WitnessRecord;
import carpool.replicator.quorum.IncarnationFile.Trusted;
import carpool.replicator.quorum.PeerCalls.PoolName;
import carpool.replicator.witness.RevisionsAnswer.Revisions;
import carpool.replicator.witness.WitnessFailure;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives the records of a pool a new incarnation: when a witness is used for the first time, is
/// replaced, or its records are of no use any more.
///
/// First the peer records the new incarnation, then this node, then the records are written.
/// Whoever dies in between: no node trusts what the other does not, and nothing is written that
/// only one trusts. The number is drawn anew for each attempt, so no two witnesses ever carry the
/// same.
final class WitnessRenewal {
  private static final Logger LOG = LoggerFactory.getLogger(WitnessRenewal.class);
  private static final long WRITTEN_SECONDS = 10;

  private final PoolQuorum quorum;
  private final PoolName name;
  private final PoolRecords records;
  private final PeerCalls peer;
  private final Host host;
  private final AtomicBoolean busy = new AtomicBoolean();

  private volatile Map<String, Long> expected = Map.of();
  private volatile @Nullable CompletableFuture<Result> outcome;
  private volatile long creation;

  WitnessRenewal(PoolQuorum quorum, PoolName name, PoolRecords records, PeerCalls peer, Host host) {
    this.quorum = quorum;
    this.name = name;
    this.records = records;
    this.peer = peer;
    this.host = host;
  }

  /// How it ended.
  ///
  /// @param reason a word of the control service; empty when it is done
  /// @param text what is in force now, or why not
  /// @param hint what to do; empty when nothing
  public record Result(String reason, String text, String hint) {
    static Result failed(String text, String hint) {
      return new Result("WITNESS_FAILED", text, hint);
    }

    /// It is done.
    public boolean done() {
      return reason.isEmpty();
    }
  }

  /// By itself, on a connected pair with an empty witness that neither node has ever used.
  void begin() {
    Thread.ofVirtual()
        .name("witness-" + name.pool())
        .start(() -> {
          try {
            var result = renew(false, false);
            if (!result.done()) {
              LOG.warn("pool={} {}; {}", name.pool(), result.text(), result.hint());
            }
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /// @param overwrite whatever is there
  /// @param force without the peer
  Result renew(boolean overwrite, boolean force) throws InterruptedException {
    if (!busy.compareAndSet(false, true)) {
      return Result.failed("it is under way", "wait a moment");
    }
    try {
      return switch (records.revisions()) {
        case WitnessFailure failure -> Result.failed(failure.text(), "");
        case Revisions(var revisions, _) -> {
          boolean empty = revisions.values().stream().allMatch(each -> each == 0);
          if (!empty && !overwrite) {
            yield Result.failed(
                "the witness has records of this pool",
                "look at them with `carpool witness show`; `carpool witness reset` overwrites"
                    + " them");
          }
          yield force ? alone(revisions) : together(revisions);
        }
      };
    } catch (IOException e) {
      return Result.failed(
          "it cannot be recorded which witness is trusted: " + e.getMessage(),
          "make room in the state directory");
    } finally {
      busy.set(false);
    }
  }

  private Result together(Map<String, Long> revisions) throws IOException, InterruptedException {
    if (!quorum.settles()) {
      return Result.failed(
          "this node is not primary on a connected pair with copies in sync",
          "connect the peer, wait until the copies are in sync, and ask on the primary; if the peer"
              + " is lost, use --force");
    }
    long incarnation = Host.freshId(host);
    var answer = peer.agree(name, incarnation);
    if (!answer.granted()) {
      return Result.failed("the peer does not agree: " + answer.text(), "try again");
    }
    var done = new CompletableFuture<Result>();
    expected = revisions;
    creation = 0;
    outcome = done;
    quorum.trust(new Trusted(incarnation, false));
    try {
      var result = done.get(WRITTEN_SECONDS, TimeUnit.SECONDS);
      if (result.done()) {
        quorum.trust(new Trusted(incarnation, true));
      }
      return result;
    } catch (TimeoutException _) {
      return Result.failed(
          "both nodes trust the new incarnation, but it is not in the witness yet",
          "it is tried again while the pair is connected");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      outcome = null;
    }
  }

  /// The peer trusts what it trusted before, if anything: with a record that it does not understand
  /// it will not serve by itself.
  private Result alone(Map<String, Long> revisions) throws IOException {
    long incarnation = Host.freshId(host);
    long generation = Host.freshId(host);
    quorum.trust(new Trusted(incarnation, false));
    var written =
        records.write(
            generation,
            incarnation,
            revisions,
            0,
            new WitnessRecord.Only(quorum.state().config().node(), generation, true));
    return switch (written) {
      case PoolRecords.Outcome.Won _ -> {
        quorum.trust(new Trusted(incarnation, true));
        yield new Result("", "the record names this node alone, by force", "");
      }
      case PoolRecords.Outcome.Lost _ ->
          Result.failed("the record was changed meanwhile", "try again");
      case PoolRecords.Outcome.Failed(var failure) -> Result.failed(failure.text(), "");
      case PoolRecords.Outcome.Read _ -> throw new IllegalStateException("a read of a write");
    };
  }

  /// The first record of the new incarnation, if the witness is as it was found.
  PoolRecords.Outcome create(long call, long incarnation) {
    creation = call;
    LOG.info("pool={} writes to the witness for the first time", name.pool());
    return records.write(call, incarnation, expected, 0, new WitnessRecord.Both());
  }

  void won(long call) {
    end(call, new Result("", "both nodes go by this witness; either may serve", ""));
  }

  void lost(long call, String why) {
    end(call, Result.failed(why, "try again"));
  }

  private void end(long call, Result result) {
    var waits = outcome;
    if (waits != null && creation == call && call != 0) {
      waits.complete(result);
    }
  }

  /// The peer, in a session and not primary, trusts this.
  void peerTrusts(long incarnation) {
    long own = quorum.state().incarnation();
    if (own != 0 && incarnation != own && busy.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("witness-" + name.pool())
          .start(() -> {
            try {
              var answer = peer.agree(name, own);
              LOG.info(
                  "pool={} the peer trusts another witness; told it which one: {}",
                  name.pool(),
                  answer);
            } finally {
              busy.set(false);
            }
          });
    }
  }
}
