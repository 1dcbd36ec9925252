package carpool.replicator.quorum;

import carpool.replicator.core.witness.WitnessView;
import carpool.replicator.witness.ProbeAnswer;
import carpool.replicator.witness.ProbeAnswer.Probe;
import carpool.replicator.witness.WitnessFailure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the witness said when it was asked last, and since when it answers. Safe for any thread.
final class WitnessHealth {
  private static final Logger LOG = LoggerFactory.getLogger(WitnessHealth.class);

  private final String pool;
  private final Runnable changed;
  private @Nullable WitnessFailure failure;
  private long sinceUnixMillis;
  private long answeredUnixMillis;
  private @Nullable Probe probe;
  private @Nullable WitnessView view;
  private String writer = "";
  private long writtenUnixMillis;

  /// @param changed run when the witness is lost, is back, or its record is another one
  WitnessHealth(String pool, Runnable changed) {
    this.pool = pool;
    this.changed = changed;
  }

  synchronized @Nullable WitnessView view() {
    return view;
  }

  synchronized @Nullable WitnessFailure failure() {
    return failure;
  }

  /// The witness was asked how it is.
  void probed(ProbeAnswer answer) {
    if (answer instanceof Probe answered) {
      synchronized (this) {
        probe = answered;
      }
    }
  }

  /// It was read or written.
  void heard(PoolRecords.Outcome outcome) {
    boolean news =
        switch (outcome) {
          case PoolRecords.Outcome.Read(var seen, var by, long at) -> answered(seen, by, at);
          case PoolRecords.Outcome.Lost(var seen) -> answered(seen, "", 0);
          case PoolRecords.Outcome.Won _ -> answered(null, "", 0);
          case PoolRecords.Outcome.Failed(var why) -> failed(why);
        };
    if (news) {
      changed.run();
    }
  }

  private synchronized boolean answered(@Nullable WitnessView seen, String by, long atUnixMillis) {
    long now = System.currentTimeMillis();
    boolean back = failure != null || answeredUnixMillis == 0;
    boolean other = seen != null && !seen.equals(view);
    if (seen != null) {
      view = seen;
    }
    if (!by.isEmpty()) {
      writer = by;
      writtenUnixMillis = atUnixMillis;
    }
    if (back) {
      if (failure != null) {
        LOG.info("pool={} the witness answers again", pool);
      }
      sinceUnixMillis = now;
    }
    failure = null;
    answeredUnixMillis = now;
    return back || other;
  }

  private synchronized boolean failed(WitnessFailure why) {
    var before = failure;
    boolean lost = before == null;
    if (before == null || before.reason() != why.reason()) {
      LOG.warn("pool={} the witness does not answer: {}", pool, why.text());
    }
    if (lost) {
      sinceUnixMillis = System.currentTimeMillis();
    }
    failure = why;
    return lost;
  }

  /// @param rule what the rule has to say
  synchronized QuorumStatus with(Rule rule) {
    return new QuorumStatus(
        pool,
        failure,
        sinceUnixMillis,
        answeredUnixMillis,
        probe,
        view,
        writer,
        writtenUnixMillis,
        rule.incarnation(),
        rule.peerTakesPart(),
        rule.standing(),
        rule.permission(),
        rule.heldNanos(),
        rule.unvouched(),
        rule.onLoss(),
        rule.trouble());
  }

  /// The part of a status that the rule knows.
  record Rule(
      long incarnation,
      boolean peerTakesPart,
      carpool.replicator.core.witness.Standing standing,
      carpool.replicator.core.witness.Permission permission,
      long heldNanos,
      boolean unvouched,
      String onLoss,
      String trouble) {}
}
