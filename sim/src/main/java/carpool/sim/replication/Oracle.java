package carpool.sim.replication;

import carpool.sim.Violation;
import java.util.ArrayList;
import java.util.List;

/// What a client may see, from the outside: for each unit the writes that could be its content.
///
/// A write is out of the question once a later one, started after it was over, was acknowledged. A
/// write that was never acknowledged may or may not have happened until then. Acknowledged writes
/// that a double failure may legally take (not flushed, and the last node that had them lost its
/// power) are marked as such, never forgotten.
public final class Oracle {
  public static final class Write {
    public final long id;
    public final int firstUnit;
    public final int endUnit;
    public final long startMicros;
    public final int node;

    /// What it put there: its id, or 0 when it wrote zeroes.
    public long content;

    /// When it was acknowledged or given up; MAX while it is open.
    long overMicros = Long.MAX_VALUE;

    public boolean acknowledged;

    /// Covered by a completed flush.
    boolean flushed;

    /// The node that has it durably, by a flush that covered no other; -1: both, or none.
    int flushedOnlyBy = -1;

    /// A double failure may have taken it.
    boolean perhapsLost;

    /// Answered before the peer had it, by the rules of async.
    boolean async;

    /// The peer has written it.
    boolean replicated;

    Write(long id, int firstUnit, int endUnit, long startMicros, int node) {
      this.id = id;
      this.content = id;
      this.firstUnit = firstUnit;
      this.endUnit = endUnit;
      this.startMicros = startMicros;
      this.node = node;
    }

    @Override
    public String toString() {
      return "#"
          + id
          + (content == id ? "" : " zeroes")
          + "[units "
          + firstUnit
          + "-"
          + (endUnit - 1)
          + " node "
          + node
          + " start "
          + startMicros
          + " over "
          + overMicros
          + (acknowledged ? " acknowledged" : "")
          + (flushed ? " flushed" : "")
          + (perhapsLost ? " perhaps lost" : "")
          + "]";
    }
  }

  private final List<List<Write>> perUnit = new ArrayList<>();
  private final List<Write> all = new ArrayList<>();

  /// Acknowledged; flushed ones leave when somebody looks.
  private final List<Write> unflushed = new ArrayList<>();

  private long lastId;

  public Oracle(int units) {
    for (int i = 0; i < units; i++) {
      var initial = new Write(0, i, i + 1, -100, -1);
      initial.overMicros = -99;
      initial.acknowledged = true;
      initial.flushed = true;
      var list = new ArrayList<Write>();
      list.add(initial);
      perUnit.add(list);
    }
  }

  public Write start(int firstUnit, int endUnit, long nowMicros, int node) {
    var write = new Write(++lastId, firstUnit, endUnit, nowMicros, node);
    for (int unit = firstUnit; unit < endUnit; unit++) {
      perUnit.get(unit).add(write);
    }
    all.add(write);
    return write;
  }

  public void acknowledged(Write write, long nowMicros) {
    write.overMicros = nowMicros;
    write.acknowledged = true;
    unflushed.add(write);
  }

  public void failed(Write write, long nowMicros) {
    write.overMicros = nowMicros;
  }

  /// Writes that are over now: what a flush that starts now has to make durable.
  public List<Write> acknowledgedNow() {
    unflushed.removeIf(write -> write.flushed);
    return new ArrayList<>(unflushed);
  }

  public void flushed(List<Write> writes) {
    writes.forEach(write -> write.flushed = true);
  }

  /// The same by a node that goes on alone: a promise of this node only.
  void flushedAlone(List<Write> writes, int node) {
    for (var write : writes) {
      if (!write.flushed) {
        write.flushed = true;
        write.flushedOnlyBy = node;
      }
    }
  }

  /// Both copies are equal and durable.
  void inStep() {
    for (var write : all) {
      write.flushedOnlyBy = -1;
    }
  }

  /// An operator gave up the copy of `node`, and with it what only its flushes promised.
  void flushesGivenUp(int node) {
    for (var write : all) {
      if (write.flushedOnlyBy == node) {
        write.flushed = false;
        write.flushedOnlyBy = -1;
        if (!unflushed.contains(write)) {
          unflushed.add(write);
        }
      }
    }
  }

  /// The last node that surely had them lost its power: what was not flushed may be gone.
  public void perhapsLostUnflushed() {
    for (var write : unflushed) {
      write.perhapsLost |= !write.flushed;
    }
  }

  /// The only disk that still took writes failed, with what it had not flushed: an answer that is
  /// still on its way is worth no more than one that was given.
  public void perhapsLostUnflushedAndUnanswered() {
    for (var write : all) {
      write.perhapsLost |= !write.flushed;
    }
  }

  /// A node that served a branch of its own lost its power, and with it this cached content; that
  /// the other branch has it does not help when an operator gives that one up.
  public void perhapsLostContent(int unit, long content) {
    for (var write : perUnit.get(unit)) {
      write.perhapsLost |= write.id > 0 && write.content == content;
    }
  }

  /// An operator gave up what `node` was told alone.
  public void perhapsLostOf(int node, long sinceMicros) {
    for (var write : all) {
      write.perhapsLost |= write.node == node && write.overMicros >= sinceMicros;
    }
  }

  /// An operator had a copy served that may lack anything.
  void perhapsLostAll() {
    for (var write : all) {
      write.perhapsLost = true;
    }
  }

  /// Async promises nothing about what the peer had not written yet when this node fell.
  void perhapsLostUnreplicated(int node) {
    for (var write : all) {
      write.perhapsLost |= write.node == node && write.async && !write.replicated;
    }
  }

  /// An operator gave up the copy of `node`: with it goes what the peer has not written, in memsync
  /// also what it had received.
  void perhapsLostNotWrittenByPeer(int node) {
    for (var write : all) {
      write.perhapsLost |= write.node == node && !write.replicated;
    }
  }

  /// True when this node answered something that the peer has not written.
  boolean ahead(int node) {
    for (var write : all) {
      if (write.node == node && write.async && !write.replicated && !write.perhapsLost) {
        return true;
      }
    }
    return false;
  }

  /// Both copies hold everything that was over before.
  void replicated(long beforeMicros) {
    for (var write : all) {
      write.replicated |= write.overMicros < beforeMicros;
    }
  }

  /// When the last firm write began that was over before: what was over by then is out of the
  /// question.
  ///
  /// @param writes in the order in which they began
  private static long lastFirm(List<Write> writes, long beforeMicros) {
    for (int i = writes.size() - 1; i >= 0; i--) {
      var write = writes.get(i);
      if (write.acknowledged && !write.perhapsLost && write.overMicros <= beforeMicros) {
        return write.startMicros;
      }
    }
    return Long.MIN_VALUE;
  }

  /// Checks a value that one of two branches returned. What the reader itself acknowledged in its
  /// branch binds it; what the other was told since then it cannot have.
  ///
  /// @param sinceMicros since when nobody but its own clients has changed the reader's copy
  void checkBranch(
      String rule, int unit, long value, long readStartMicros, int reader, long sinceMicros) {
    var writes = perUnit.get(unit);
    long lastFirm = lastFirmIn(reader, sinceMicros, writes, readStartMicros);
    for (int i = writes.size() - 1; i >= 0; i--) {
      var write = writes.get(i);
      boolean foreign = write.node == 1 - reader && write.startMicros > sinceMicros;
      if (write.content == value && !foreign && lastFirm <= write.overMicros) {
        return;
      }
    }
    throw new Violation(
        rule,
        "unit "
            + unit
            + " holds #"
            + value
            + " in its branch since "
            + sinceMicros
            + ", but: "
            + writes);
  }

  private static long lastFirmIn(
      int reader, long sinceMicros, List<Write> writes, long beforeMicros) {
    for (int i = writes.size() - 1; i >= 0; i--) {
      var write = writes.get(i);
      if (write.node == reader
          && write.startMicros > sinceMicros
          && write.acknowledged
          && !write.perhapsLost
          && write.overMicros <= beforeMicros) {
        return write.startMicros;
      }
    }
    return Long.MIN_VALUE;
  }

  /// Checks a value that a read, started at `readStartMicros`, returned.
  public void check(String rule, int unit, long value, long readStartMicros) {
    var writes = perUnit.get(unit);
    long lastFirm = lastFirm(writes, readStartMicros);
    for (int i = writes.size() - 1; i >= 0; i--) {
      var write = writes.get(i);
      if (write.content == value && lastFirm <= write.overMicros) {
        return;
      }
    }
    throw new Violation(
        rule, "unit " + unit + " holds #" + value + ", but these were written: " + writes);
  }
}
