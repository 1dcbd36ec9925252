package carpool.sim.engine;

import carpool.sim.Violation;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What clients asked for and were told, and so what a sector may hold: as
/// [carpool.sim.replication.Oracle], for many sectors of which each write covers a run.
///
/// A write is out of the question once a later one, started after it was over, was acknowledged. A
/// write that was never acknowledged may or may not have happened until then. Acknowledged writes
/// that a double failure may take are marked, never forgotten.
final class History {
  /// One write.
  static final class Write {
    final long id;
    final int first;
    final int end;
    final int node;

    /// Zeroes, whatever the id.
    final boolean zeroes;

    final long startMicros;
    private long overMicros = Long.MAX_VALUE;
    private boolean acknowledged;
    private boolean flushed;
    private boolean perhapsLost;

    private Write(long id, int first, int end, int node, boolean zeroes, long startMicros) {
      this.id = id;
      this.first = first;
      this.end = end;
      this.node = node;
      this.zeroes = zeroes;
      this.startMicros = startMicros;
    }

    long content() {
      return zeroes ? 0 : id;
    }

    @Override
    public String toString() {
      return "#"
          + id
          + (zeroes ? " zeroes" : "")
          + "[node "
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

  private final List<List<Write>> bySector = new ArrayList<>();
  private final List<Write> all = new ArrayList<>();
  private final Set<Write> unflushed = new LinkedHashSet<>();
  private long lastId;

  History(int sectors) {
    var blank = new Write(0, 0, sectors, -1, true, -2);
    blank.overMicros = -1;
    blank.acknowledged = true;
    blank.flushed = true;
    for (int i = 0; i < sectors; i++) {
      var writes = new ArrayList<Write>(8);
      writes.add(blank);
      bySector.add(writes);
    }
  }

  Write start(int first, int end, int node, boolean zeroes, long nowMicros) {
    var write = new Write(++lastId, first, end, node, zeroes, nowMicros);
    for (int sector = first; sector < end; sector++) {
      bySector.get(sector).add(write);
    }
    all.add(write);
    return write;
  }

  void acknowledged(Write write, boolean durable, long nowMicros) {
    write.overMicros = nowMicros;
    write.acknowledged = true;
    if (durable) {
      write.flushed = true;
    } else {
      unflushed.add(write);
    }
  }

  void failed(Write write, long nowMicros) {
    write.overMicros = nowMicros;
  }

  /// What a flush that starts now has to make durable: all that any client was told is done.
  List<Write> unflushed() {
    return List.copyOf(unflushed);
  }

  void flushed(List<Write> writes) {
    for (var write : writes) {
      write.flushed = true;
      unflushed.remove(write);
    }
  }

  /// The last copy that surely had them lost what was not flushed.
  void perhapsLostUnflushed() {
    unflushed.forEach(write -> write.perhapsLost = true);
  }

  /// The same, and an answer that is still on its way is worth no more than one that was given.
  void perhapsLostUnflushedAndUnanswered() {
    for (var write : all) {
      write.perhapsLost |= !write.flushed;
    }
  }

  /// An operator, or async, gives up what `node` was told since then.
  void perhapsLostOf(int node, long sinceMicros) {
    for (var write : all) {
      write.perhapsLost |= write.node == node && write.overMicros >= sinceMicros;
    }
  }

  /// Both copies are of no use any more.
  void perhapsLostAll() {
    for (var write : all) {
      write.perhapsLost = true;
    }
  }

  private static boolean superseded(Write write, List<Write> writes, long beforeMicros) {
    for (var other : writes) {
      if (other != write
          && other.acknowledged
          && !other.perhapsLost
          && other.overMicros <= beforeMicros
          && other.startMicros > write.overMicros) {
        return true;
      }
    }
    return false;
  }

  /// True when a read that started at `startMicros` may have found this.
  boolean allowed(int sector, long content, long startMicros) {
    var writes = bySector.get(sector);
    for (int i = writes.size() - 1; i >= 0; i--) {
      var write = writes.get(i);
      if (write.content() == content && !superseded(write, writes, startMicros)) {
        return true;
      }
    }
    return false;
  }

  /// Checks what a read that started at `startMicros` found.
  ///
  /// @throws Violation when that cannot be
  void check(String rule, int sector, long content, long startMicros) {
    if (!allowed(sector, content, startMicros)) {
      throw new Violation(
          rule,
          "sector "
              + sector
              + " holds #"
              + content
              + ", but this was written: "
              + bySector.get(sector));
    }
  }
}
