package carpool.replicator.core;

import carpool.replicator.core.PromotionRule.Verdict;
import java.util.ArrayList;
import java.util.List;

/// Gathers the effects of one step as values, in the order in which the core asked for them.
///
/// Belongs to whoever steps the core, under the same lock.
public final class EffectCollector implements Effects {
  private List<Effect> effects = new ArrayList<>();

  /// The effects of the steps from now on go to `list`, which belongs to the caller.
  public void into(List<Effect> list) {
    effects = list;
  }

  @Override
  public void writeLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    effects.add(new Effect.WriteLocal(slot, offsetBytes, lengthBytes, kind));
  }

  @Override
  public void readLocal(int slot, long offsetBytes, int lengthBytes) {
    effects.add(new Effect.ReadLocal(slot, offsetBytes, lengthBytes));
  }

  @Override
  public void scanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest) {
    effects.add(new Effect.ScanLocal(slot, offsetBytes, lengthBytes, digest));
  }

  @Override
  public void compareLocal(int slot, long offsetBytes, int lengthBytes) {
    effects.add(new Effect.CompareLocal(slot, offsetBytes, lengthBytes));
  }

  @Override
  public void flushLocal(long flushId) {
    effects.add(new Effect.FlushLocal(flushId));
  }

  @Override
  public void writeMap(long token, List<MapPart> parts) {
    effects.add(new Effect.WriteMap(token, parts));
  }

  @Override
  public void writeMetadata(long token, Role role, DiskState disk, Identity identity) {
    effects.add(new Effect.WriteMetadata(token, role, disk, identity));
  }

  @Override
  public void sendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    effects.add(new Effect.SendWrite(session, slot, offsetBytes, lengthBytes, kind));
  }

  @Override
  public void sendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes) {
    effects.add(new Effect.SendChunk(session, slot, offsetBytes, lengthBytes, skipBytes));
  }

  @Override
  public void sendCompare(
      long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes) {
    effects.add(new Effect.SendCompare(session, slot, offsetBytes, lengthBytes, zeroes));
  }

  @Override
  public void sendFlush(long session, long flushId) {
    effects.add(new Effect.SendFlush(session, flushId));
  }

  @Override
  public void sendRead(long session, int slot, long offsetBytes, int lengthBytes) {
    effects.add(new Effect.SendRead(session, slot, offsetBytes, lengthBytes));
  }

  @Override
  public void ackReceived(long session, int slot) {
    effects.add(new Effect.AckReceived(session, slot));
  }

  @Override
  public void ackWritten(long session, int slot, boolean ok) {
    effects.add(new Effect.AckWritten(session, slot, ok));
  }

  @Override
  public void flushForPeer(long session, long flushId) {
    effects.add(new Effect.FlushForPeer(session, flushId));
  }

  @Override
  public void answerRead(long session, int slot, boolean ok) {
    effects.add(new Effect.AnswerRead(session, slot, ok));
  }

  @Override
  public void answerCompare(long session, int slot, int coveredBytes, long differentMask) {
    effects.add(new Effect.AnswerCompare(session, slot, coveredBytes, differentMask));
  }

  @Override
  public void ackFlushed(long session, long flushId, boolean ok) {
    effects.add(new Effect.AckFlushed(session, flushId, ok));
  }

  @Override
  public void send(long session, PeerMessage message) {
    effects.add(new Effect.SendMessage(session, message));
  }

  @Override
  public void closeSession(long session, CloseReason why, String text) {
    effects.add(new Effect.CloseSession(session, why, text));
  }

  @Override
  public void askLeave(long question, Tenure tenure, Identity identity) {
    effects.add(new Effect.AskLeave(question, tenure, identity));
  }

  @Override
  public void answerLeave(long request, Leave leave) {
    effects.add(new Effect.AnswerLeave(request, leave));
  }

  @Override
  public void complete(int slot, Result result) {
    effects.add(new Effect.Complete(slot, result));
  }

  @Override
  public void release(int slot) {
    effects.add(new Effect.Release(slot));
  }

  @Override
  public void roleDecided(long request, Verdict verdict) {
    effects.add(new Effect.RoleDecided(request, verdict));
  }

  @Override
  public void fenced(String reason) {
    effects.add(new Effect.Fenced(reason));
  }

  @Override
  public void report(Notice notice) {
    effects.add(new Effect.Report(notice));
  }
}
