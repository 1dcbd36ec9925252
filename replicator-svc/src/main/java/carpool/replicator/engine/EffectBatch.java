package carpool.replicator.engine;

import carpool.replicator.core.Effect;
import carpool.replicator.core.WriteKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The effects of one step that are carried out when the lock is released, and what the step queued
/// for the peer. Used again, so that a step leaves little garbage.
final class EffectBatch {
  private final List<Effect> effects = new ArrayList<>(8);
  private @Nullable PeerPort peer;
  private boolean framesQueued;
  private int payloadBytes;
  private boolean waitsForDisk;

  /// Where the core puts the effects of the step.
  List<Effect> effects() {
    return effects;
  }

  /// Starts anew, for a step in the session of `newPeer`.
  void begin(@Nullable PeerPort newPeer) {
    effects.clear();
    peer = newPeer;
    framesQueued = false;
    payloadBytes = 0;
    waitsForDisk = false;
  }

  /// Hands over what has an order across steps. Called before the lock is released.
  void handOver(JournalPort journal) {
    for (int i = 0; i < effects.size(); i++) {
      switch (effects.get(i)) {
        case Effect.Frame frame -> queue(frame);
        case Effect.Journal write -> journal.submit(write);
        case Effect.WriteLocal _, Effect.ReadLocal _ -> waitsForDisk = true;
        case Effect.LocalDisk _, Effect.Peer _, Effect.Client _, Effect.Operator _ -> {}
      }
    }
  }

  private void queue(Effect.Frame frame) {
    framesQueued = true;
    if (frame instanceof Effect.SendWrite write && write.kind() == WriteKind.DATA) {
      payloadBytes += write.lengthBytes();
    }
    var p = peer;
    if (p != null) {
      p.queue(frame);
    }
  }

  /// The session at the time of the step.
  @Nullable PeerPort peer() {
    return peer;
  }

  /// True when frames were queued for the peer.
  boolean framesQueued() {
    return framesQueued;
  }

  /// Bytes of clients' data among them.
  int payloadBytes() {
    return payloadBytes;
  }

  /// True when the thread that carries this out reads or writes the local disk.
  boolean waitsForDisk() {
    return waitsForDisk;
  }

  /// Receives map and metadata writes in the order of the steps; must not step the core.
  @FunctionalInterface
  interface JournalPort {
    void submit(Effect.Journal write);
  }
}
