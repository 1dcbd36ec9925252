package carpool.replicator.core;

/// One request in one slot. Reused; owned by the core.
final class Op {
  enum Kind {
    FREE,
    CLIENT_WRITE,
    CLIENT_READ,
    /// A chunk being copied to the peer, or compared with it.
    SYNC_COPY,
    /// Blocks that cannot be read here: read from the peer, written here again.
    REPAIR,
    /// A write of the peer, executed here.
    PEER_WRITE,
    /// A read of the peer, executed here.
    PEER_READ
  }

  final int slot;
  Kind kind = Kind.FREE;
  long offset;
  int length;
  WriteKind writeKind = WriteKind.DATA;
  boolean fua;

  /// In the list of active ranges.
  boolean locked;

  /// A read that waits in line for its range.
  boolean waitsForRange;

  /// A read that is done and not answered yet.
  boolean heldBack;

  /// Waits for the activemap.
  boolean waitsForMap;

  boolean localPending;
  boolean localOk;
  boolean remotePending;
  boolean remoteOk;
  boolean remoteReceived;

  /// The client was answered.
  boolean answered;

  /// Done but for the flush that FUA asks for; the flush answers it.
  boolean awaitsFlush;

  /// A chunk of a verification: compared, not copied.
  boolean verify;

  /// A chunk that is compared by digest before anything is sent.
  boolean compares;

  /// The peer was asked to compare and has not answered.
  boolean comparing;

  /// Number of what the peer was asked last, and for how many ticks it has not answered.
  long asked;

  int waitedTicks;

  /// Number of a write of the peer, in the order in which they came.
  long arrival;

  /// Session of a peer's request.
  long session;

  Op(int slot) {
    this.slot = slot;
  }

  void begin(Kind newKind, long newOffset, int newLength) {
    Check.invariant(kind == Kind.FREE, "slot " + slot + " is in use");
    kind = newKind;
    offset = newOffset;
    length = newLength;
    writeKind = WriteKind.DATA;
    fua = false;
    locked = false;
    waitsForRange = false;
    heldBack = false;
    waitsForMap = false;
    localPending = false;
    localOk = false;
    remotePending = false;
    remoteOk = false;
    remoteReceived = false;
    answered = false;
    awaitsFlush = false;
    verify = false;
    compares = false;
    comparing = false;
    asked = 0;
    waitedTicks = 0;
    arrival = 0;
    session = 0;
  }

  boolean overlaps(Op other) {
    return offset < other.offset + other.length && other.offset < offset + length;
  }

  @Override
  public String toString() {
    return kind + "#" + slot + "[" + offset + "+" + length + "]";
  }
}
