package carpool.replicator.shell;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Leave;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.Role;
import carpool.replicator.core.Tenure;
import carpool.replicator.core.WriteKind;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What one step of the core asked for, to be carried out when the lock is released. Kept in arrays
/// that are used again, so that a write leaves no garbage.
///
/// What goes to the peer is queued while the core is stepped, because the order counts; everything
/// else is noted here.
final class EffectBatch implements Effects {
  /// Kinds of noted effects.
  enum Kind {
    WRITE_LOCAL,
    READ_LOCAL,
    SCAN_LOCAL,
    COMPARE_LOCAL,
    FLUSH_LOCAL,
    FLUSH_FOR_PEER,
    CLOSE_SESSION,
    ASK_LEAVE,
    ANSWER_LEAVE,
    COMPLETE,
    RELEASE,
    ROLE_DECIDED,
    FENCED,
    REPORT,
    FREE_PEER_SLOT
  }

  /// What the peer is asked with.
  record LeaveQuestion(Tenure tenure, Identity identity) {}

  /// The metadata to be written.
  record MetadataUpdate(Role role, DiskState disk, Identity identity) {}

  private Outgoing outgoing = Outgoing.NONE;
  private boolean queued;
  private int queuedBytes;
  private int localCount;
  private int count;
  private Kind[] kinds = new Kind[16];
  private int[] slots = new int[16];
  private long[] numbers = new long[16];
  private int[] lengths = new int[16];
  private @Nullable Object[] details = new Object[16];

  /// Starts anew; messages and data for the peer go to `newOutgoing`.
  void begin(Outgoing newOutgoing) {
    Arrays.fill(details, 0, count, null);
    count = 0;
    localCount = 0;
    queued = false;
    queuedBytes = 0;
    outgoing = newOutgoing;
  }

  /// True when something was queued for the peer.
  boolean queued() {
    return queued;
  }

  /// Bytes of clients' data that were queued for the peer.
  int queuedBytes() {
    return queuedBytes;
  }

  /// True when the local disk is read or written by the thread that carries this out.
  boolean waitsForDisk() {
    return localCount > 0;
  }

  private Outgoing toPeer() {
    queued = true;
    return outgoing;
  }

  int count() {
    return count;
  }

  Kind kind(int i) {
    return kinds[i];
  }

  int slot(int i) {
    return slots[i];
  }

  long number(int i) {
    return numbers[i];
  }

  int length(int i) {
    return lengths[i];
  }

  <T> T detail(int i, Class<T> type) {
    return Objects.requireNonNull(type.cast(details[i]));
  }

  private void add(Kind kind, int slot, long number, int length, @Nullable Object detail) {
    if (count == kinds.length) {
      int size = count * 2;
      kinds = Arrays.copyOf(kinds, size);
      slots = Arrays.copyOf(slots, size);
      numbers = Arrays.copyOf(numbers, size);
      lengths = Arrays.copyOf(lengths, size);
      details = Arrays.copyOf(details, size);
    }
    kinds[count] = kind;
    slots[count] = slot;
    numbers[count] = number;
    lengths[count] = length;
    details[count] = detail;
    count++;
  }

  @Override
  public void writeLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    localCount++;
    add(Kind.WRITE_LOCAL, slot, offsetBytes, lengthBytes, kind);
  }

  @Override
  public void readLocal(int slot, long offsetBytes, int lengthBytes) {
    localCount++;
    add(Kind.READ_LOCAL, slot, offsetBytes, lengthBytes, null);
  }

  @Override
  public void scanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest) {
    add(Kind.SCAN_LOCAL, slot, offsetBytes, lengthBytes, digest);
  }

  @Override
  public void compareLocal(int slot, long offsetBytes, int lengthBytes) {
    add(Kind.COMPARE_LOCAL, slot, offsetBytes, lengthBytes, null);
  }

  @Override
  public void flushLocal(long flushId) {
    add(Kind.FLUSH_LOCAL, 0, flushId, 0, null);
  }

  @Override
  public void writeMap(long token, List<MapPart> parts) {
    throw new IllegalStateException("map writes go to the journal");
  }

  @Override
  public void writeMetadata(long token, Role role, DiskState disk, Identity identity) {
    throw new IllegalStateException("metadata writes go to the journal");
  }

  @Override
  public void sendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    if (kind == WriteKind.DATA) {
      queuedBytes += lengthBytes;
    }
    toPeer().sendWrite(session, slot, offsetBytes, lengthBytes, kind);
  }

  @Override
  public void sendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes) {
    toPeer().sendChunk(session, slot, offsetBytes, lengthBytes, skipBytes);
  }

  @Override
  public void sendCompare(
      long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes) {
    toPeer().sendCompare(session, slot, offsetBytes, lengthBytes, zeroes);
  }

  @Override
  public void answerCompare(long session, int slot, int coveredBytes, long differentMask) {
    toPeer().answerCompare(session, slot, coveredBytes, differentMask);
    add(Kind.FREE_PEER_SLOT, slot, 0, 0, null);
  }

  @Override
  public void sendFlush(long session, long flushId) {
    toPeer().sendFlush(session, flushId);
  }

  @Override
  public void sendRead(long session, int slot, long offsetBytes, int lengthBytes) {
    toPeer().sendRead(session, slot, offsetBytes, lengthBytes);
  }

  @Override
  public void ackReceived(long session, int slot) {
    toPeer().ackReceived(session, slot);
  }

  @Override
  public void ackWritten(long session, int slot, boolean ok) {
    toPeer().ackWritten(session, slot, ok);
    add(Kind.FREE_PEER_SLOT, slot, 0, 0, null);
  }

  @Override
  public void answerRead(long session, int slot, boolean ok) {
    toPeer().answerRead(session, slot, ok);
    add(Kind.FREE_PEER_SLOT, slot, 0, 0, null);
  }

  @Override
  public void flushForPeer(long session, long flushId) {
    add(Kind.FLUSH_FOR_PEER, 0, flushId, 0, session);
  }

  @Override
  public void ackFlushed(long session, long flushId, boolean ok) {
    toPeer().ackFlushed(session, flushId, ok);
  }

  @Override
  public void send(long session, PeerMessage message) {
    toPeer().send(session, message);
  }

  @Override
  public void closeSession(long session, String reason) {
    add(Kind.CLOSE_SESSION, 0, session, 0, reason);
  }

  @Override
  public void askLeave(long question, Tenure tenure, Identity identity) {
    add(Kind.ASK_LEAVE, 0, question, 0, new LeaveQuestion(tenure, identity));
  }

  @Override
  public void answerLeave(long request, Leave leave) {
    add(Kind.ANSWER_LEAVE, 0, request, 0, leave);
  }

  @Override
  public void complete(int slot, Result result) {
    add(Kind.COMPLETE, slot, 0, 0, result);
  }

  @Override
  public void release(int slot) {
    add(Kind.RELEASE, slot, 0, 0, null);
  }

  @Override
  public void roleDecided(long request, Verdict verdict) {
    add(Kind.ROLE_DECIDED, 0, request, 0, verdict);
  }

  @Override
  public void fenced(String reason) {
    add(Kind.FENCED, 0, 0, 0, reason);
  }

  @Override
  public void report(Notice notice) {
    add(Kind.REPORT, 0, 0, 0, notice);
  }

  /// The peer, as far as the order of what is sent counts.
  interface Outgoing {
    Outgoing NONE =
        new Outgoing() {
          @Override
          public void sendWrite(long s, int slot, long o, int l, WriteKind k) {}

          @Override
          public void sendChunk(long s, int slot, long o, int l, int skip) {}

          @Override
          public void sendCompare(long s, int slot, long o, int l, boolean zeroes) {}

          @Override
          public void answerCompare(long s, int slot, int covered, long mask) {}

          @Override
          public void sendFlush(long s, long id) {}

          @Override
          public void sendRead(long s, int slot, long o, int l) {}

          @Override
          public void ackReceived(long s, int slot) {}

          @Override
          public void ackWritten(long s, int slot, boolean ok) {}

          @Override
          public void answerRead(long s, int slot, boolean ok) {}

          @Override
          public void ackFlushed(long s, long id, boolean ok) {}

          @Override
          public void send(long s, PeerMessage m) {}
        };

    void sendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind);

    void sendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes);

    void sendCompare(long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes);

    void answerCompare(long session, int slot, int coveredBytes, long differentMask);

    void sendFlush(long session, long flushId);

    void sendRead(long session, int slot, long offsetBytes, int lengthBytes);

    void ackReceived(long session, int slot);

    void ackWritten(long session, int slot, boolean ok);

    void answerRead(long session, int slot, boolean ok);

    void ackFlushed(long session, long flushId, boolean ok);

    void send(long session, PeerMessage message);
  }
}
