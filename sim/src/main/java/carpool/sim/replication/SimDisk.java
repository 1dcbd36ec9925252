package carpool.sim.replication;

import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.Identity;
import carpool.replicator.core.ReplicationCore.Found;
import carpool.replicator.core.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A provider with a volatile write cache. Content is one number per unit ([SimHost#unitBytes]):
/// the id of the write that put it there.
///
/// A power cut keeps an arbitrary part of what was written after the last flush, unit by unit:
/// writes are lost, torn and reordered. Metadata and map writes are flushed by their nature; one
/// under way during a cut is there or not.
public final class SimDisk {
  /// Usual size of a unit.
  public static final int UNIT_BYTES = 4096;

  /// Written, and not flushed.
  private static final class Cached {
    final int first;
    final long[] values;
    final int from;
    final int length;

    Cached(int first, long[] values, int from, int length) {
      this.first = first;
      this.values = values;
      this.from = from;
      this.length = length;
    }
  }

  /// What a disk that is going to pieces refuses, until its node is started again.
  public enum Trouble {
    NONE,
    /// Every request.
    ALL,
    /// Writes, flushes and records; what is there can be read.
    WRITES,
    /// Flushes; like an operating system after a failed fsync, it forgets what was not flushed.
    FLUSHES
  }

  private final long[] durable;
  private final long[] visible;
  private final List<Cached> cache = new ArrayList<>();
  private final byte[] map;
  private final int extents;
  private final Set<Integer> unreadable = new HashSet<>();
  private Trouble trouble = Trouble.NONE;

  /// What the disk was asked for while it hangs.
  private final List<Runnable> hanging = new ArrayList<>();

  private boolean hangs;

  /// The note of the state directory that this copy lost writes. It outlives the process and the
  /// power, and the mark that a refusing disk may not have taken.
  private boolean lostWrites;

  /// Something was refused in this life of the process: nothing is written any more.
  private boolean refused;

  private Role role = Role.INIT;
  private DiskState disk = DiskState.CONSISTENT;
  private Identity identity = Identity.FRESH;

  SimDisk(int units, int extents) {
    durable = new long[units];
    visible = new long[units];
    this.extents = extents;
    map = new byte[4096];
  }

  public long[] visible() {
    return visible;
  }

  public Trouble trouble() {
    return trouble;
  }

  public void trouble(Trouble now) {
    trouble = now;
  }

  /// From now on nothing that was asked for comes back.
  public void hang() {
    hangs = true;
  }

  public boolean hangs() {
    return hangs;
  }

  /// The disk goes on with what it was asked for.
  public void unhang() {
    hangs = false;
    var asked = List.copyOf(hanging);
    hanging.clear();
    asked.forEach(Runnable::run);
  }

  /// Does it now, or when the disk goes on.
  void whenItAnswers(Runnable action) {
    if (hangs) {
      hanging.add(action);
    } else {
      action.run();
    }
  }

  /// A disk of a pair that is not new.
  void belongsTo(Role lastRole, DiskState state, Identity identityThen) {
    writeMetadata(lastRole, state, identityThen);
  }

  /// Number of units.
  int units() {
    return visible.length;
  }

  /// A disk that `create` made and nobody has written.
  boolean fresh() {
    return identity.resuid() == 0 && identity.generation() == 0;
  }

  /// A disk that hastd wrote last.
  void madeByHastd(long localcnt, long remotecnt) {
    role = Role.SECONDARY;
    identity = new Identity(77, localcnt, remotecnt, Identity.HAST_GENERATION, false, List.of());
  }

  /// Written while the peer was away, before the run: durable, in marked extents.
  void writtenBefore(int unit, long value, int firstExtent, int endExtent) {
    visible[unit] = value;
    durable[unit] = value;
    for (int extent = firstExtent; extent < endExtent; extent++) {
      map[extent >> 3] |= (byte) (1 << (extent & 7));
    }
  }

  /// Nothing of it is unreadable, and it refuses nothing.
  boolean sound() {
    return unreadable.isEmpty() && trouble == Trouble.NONE;
  }

  /// From now on the unit cannot be read, until it is written.
  public void spoil(int unit) {
    unreadable.add(unit);
  }

  /// Whatever was unreadable can be read again.
  public void mend() {
    unreadable.clear();
    trouble = Trouble.NONE;
  }

  boolean readable(int firstUnit, int endUnit) {
    if (trouble == Trouble.ALL) {
      return false;
    }
    for (int unit = firstUnit; unit < endUnit && !unreadable.isEmpty(); unit++) {
      if (unreadable.contains(unit)) {
        return false;
      }
    }
    return true;
  }

  boolean writable() {
    return !refused && (trouble == Trouble.NONE || trouble == Trouble.FLUSHES);
  }

  boolean flushable() {
    return !refused && trouble == Trouble.NONE;
  }

  /// Writes into the cache; nobody changes `values` from now on.
  void write(int first, long[] values) {
    write(first, values, 0, values.length);
  }

  /// Writes a part of `values` into the cache; nobody changes them from now on.
  void write(int first, long[] values, int from, int length) {
    System.arraycopy(values, from, visible, first, length);
    if (!unreadable.isEmpty()) {
      for (int i = 0; i < length; i++) {
        unreadable.remove(first + i);
      }
    }
    cache.add(new Cached(first, values, from, length));
  }

  /// How many cached writes there are: what a flush that starts now covers.
  int cached() {
    return cache.size();
  }

  /// Hears what is only cached.
  public interface CacheReader {
    void cached(int unit, long value);
  }

  public void forEachCached(CacheReader reader) {
    for (var write : cache) {
      for (int i = 0; i < write.length; i++) {
        reader.cached(write.first + i, write.values[write.from + i]);
      }
    }
  }

  /// Makes the first `count` cached writes durable.
  void flush(int count) {
    int n = Math.min(count, cache.size());
    for (int i = 0; i < n; i++) {
      var write = cache.get(i);
      System.arraycopy(write.values, write.from, durable, write.first, write.length);
    }
    cache.subList(0, n).clear();
  }

  public void powerCut(RandomGenerator random) {
    int mood = random.nextInt(4); // nothing, everything, or an arbitrary part survives
    for (var write : cache) {
      for (int i = 0; i < write.length && mood > 0; i++) {
        if (mood == 1 || random.nextBoolean()) {
          durable[write.first + i] = write.values[write.from + i];
        }
      }
    }
    cache.clear();
    System.arraycopy(durable, 0, visible, 0, visible.length);
  }

  void writeMap(List<MapPart> parts) {
    for (var part : parts) {
      part.image().duplicate().get(map, (int) part.offsetBytes(), part.image().remaining());
    }
  }

  void writeMetadata(Role newRole, DiskState newDisk, Identity newIdentity) {
    role = newRole;
    disk = newDisk;
    identity = newIdentity;
    if (newDisk.servable() && !refused) {
      lostWrites = false;
    }
  }

  /// A write, a flush or a record was refused. Noted before anybody hears of the refusal.
  void noteLostWrites() {
    lostWrites = true;
    refused = true;
  }

  /// Nothing is even tried any more, until the process is started again.
  boolean refusesAll() {
    return refused;
  }

  /// Somebody vouches for the copy as it is.
  public void forgetLostWrites() {
    lostWrites = false;
    refused = false;
  }

  /// This copy is of the same generation, and as it was left.
  public boolean replaces(SimDisk lost) {
    return !lostWrites
        && (disk == DiskState.UP_TO_DATE || disk == DiskState.CONSISTENT)
        && generation() == lost.generation();
  }

  /// What can be read is no proof of what is there.
  boolean hasLostWrites() {
    return lostWrites;
  }

  public long generation() {
    return identity.generation();
  }

  /// As last recorded.
  Identity identity() {
    return identity;
  }

  public boolean marked(int extent) {
    return (map[extent >> 3] & 1 << (extent & 7)) != 0;
  }

  Found found() {
    refused = false;
    if (lostWrites) {
      for (int extent = 0; extent < extents; extent++) {
        map[extent >> 3] |= (byte) (1 << (extent & 7));
      }
    }
    var marked = new BlockSet(extents);
    for (int extent = 0; extent < extents; extent++) {
      if ((extent & 7) == 0 && map[extent >> 3] == -1 && extent + 8 <= extents) {
        marked.addRange(extent, extent + 8);
        extent |= 7;
      } else if (map[extent >> 3] == 0) {
        extent |= 7;
      } else if (marked(extent)) {
        marked.add(extent);
      }
    }
    return new Found(role, lostWrites ? DiskState.INCONSISTENT : disk, identity, marked);
  }

  public boolean sameContent(SimDisk other) {
    return Arrays.equals(visible, other.visible);
  }
}
