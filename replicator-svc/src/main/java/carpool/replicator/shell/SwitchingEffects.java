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
import java.util.List;
import java.util.function.Supplier;

/// The effects of whatever step is under way, in its batch.
final class SwitchingEffects implements Effects {
  private final Supplier<EffectBatch> now;
  private final Journal journal;

  /// Map and metadata writes are handed over while the core is stepped, because their order counts.
  interface Journal {
    void map(long token, List<MapPart> parts);

    void metadata(long token, EffectBatch.MetadataUpdate update);
  }

  SwitchingEffects(Supplier<EffectBatch> now, Journal journal) {
    this.now = now;
    this.journal = journal;
  }

  @Override
  public void writeLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    now.get().writeLocal(slot, offsetBytes, lengthBytes, kind);
  }

  @Override
  public void readLocal(int slot, long offsetBytes, int lengthBytes) {
    now.get().readLocal(slot, offsetBytes, lengthBytes);
  }

  @Override
  public void scanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest) {
    now.get().scanLocal(slot, offsetBytes, lengthBytes, digest);
  }

  @Override
  public void compareLocal(int slot, long offsetBytes, int lengthBytes) {
    now.get().compareLocal(slot, offsetBytes, lengthBytes);
  }

  @Override
  public void flushLocal(long flushId) {
    now.get().flushLocal(flushId);
  }

  @Override
  public void writeMap(long token, List<MapPart> parts) {
    journal.map(token, parts);
  }

  @Override
  public void writeMetadata(long token, Role role, DiskState disk, Identity identity) {
    journal.metadata(token, new EffectBatch.MetadataUpdate(role, disk, identity));
  }

  @Override
  public void sendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    now.get().sendWrite(session, slot, offsetBytes, lengthBytes, kind);
  }

  @Override
  public void sendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes) {
    now.get().sendChunk(session, slot, offsetBytes, lengthBytes, skipBytes);
  }

  @Override
  public void sendCompare(
      long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes) {
    now.get().sendCompare(session, slot, offsetBytes, lengthBytes, zeroes);
  }

  @Override
  public void answerCompare(long session, int slot, int coveredBytes, long differentMask) {
    now.get().answerCompare(session, slot, coveredBytes, differentMask);
  }

  @Override
  public void sendFlush(long session, long flushId) {
    now.get().sendFlush(session, flushId);
  }

  @Override
  public void sendRead(long session, int slot, long offsetBytes, int lengthBytes) {
    now.get().sendRead(session, slot, offsetBytes, lengthBytes);
  }

  @Override
  public void ackReceived(long session, int slot) {
    now.get().ackReceived(session, slot);
  }

  @Override
  public void ackWritten(long session, int slot, boolean ok) {
    now.get().ackWritten(session, slot, ok);
  }

  @Override
  public void flushForPeer(long session, long flushId) {
    now.get().flushForPeer(session, flushId);
  }

  @Override
  public void answerRead(long session, int slot, boolean ok) {
    now.get().answerRead(session, slot, ok);
  }

  @Override
  public void ackFlushed(long session, long flushId, boolean ok) {
    now.get().ackFlushed(session, flushId, ok);
  }

  @Override
  public void send(long session, PeerMessage message) {
    now.get().send(session, message);
  }

  @Override
  public void closeSession(long session, String reason) {
    now.get().closeSession(session, reason);
  }

  @Override
  public void askLeave(long question, Tenure tenure, Identity identity) {
    now.get().askLeave(question, tenure, identity);
  }

  @Override
  public void answerLeave(long request, Leave leave) {
    now.get().answerLeave(request, leave);
  }

  @Override
  public void complete(int slot, Result result) {
    now.get().complete(slot, result);
  }

  @Override
  public void release(int slot) {
    now.get().release(slot);
  }

  @Override
  public void roleDecided(long request, Verdict verdict) {
    now.get().roleDecided(request, verdict);
  }

  @Override
  public void fenced(String reason) {
    now.get().fenced(reason);
  }

  @Override
  public void report(Notice notice) {
    now.get().report(notice);
  }
}
