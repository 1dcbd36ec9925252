package carpool.replicator.core;

import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// A set of block numbers from 0 to `size - 1`, in pages that exist only where something is set:
/// the set of a blank 16 TiB device takes a few kilobytes.
///
/// Not safe for concurrent use; owned by whoever steps the core.
public final class BlockSet {
  private static final int PAGE_SHIFT = 16;
  private static final int PAGE_BITS = 1 << PAGE_SHIFT;
  private static final int PAGE_WORDS = PAGE_BITS / 64;

  private final long size;
  private final long[] @Nullable [] pages;
  private long count;

  /// An empty set.
  ///
  /// @param size number of blocks, at least 1 and at most 2^47
  public BlockSet(long size) {
    this.size = size;
    this.pages = new long[Math.toIntExact((size + PAGE_BITS - 1) >>> PAGE_SHIFT)][];
  }

  /// Number of blocks that could be in the set.
  public long size() {
    return size;
  }

  /// Number of blocks in the set.
  public long count() {
    return count;
  }

  /// True when no block is in the set.
  public boolean isEmpty() {
    return count == 0;
  }

  /// Says whether `block` is in the set.
  public boolean contains(long block) {
    var page = pages[(int) (block >>> PAGE_SHIFT)];
    return page != null && (page[word(block)] & 1L << block) != 0;
  }

  /// Adds `block`; true when it was not there.
  public boolean add(long block) {
    int index = (int) (block >>> PAGE_SHIFT);
    var page = pages[index];
    if (page == null) {
      page = new long[PAGE_WORDS];
      pages[index] = page;
    }
    int word = word(block);
    long bit = 1L << block;
    if ((page[word] & bit) != 0) {
      return false;
    }
    page[word] |= bit;
    count++;
    return true;
  }

  /// Removes `block`; true when it was there.
  public boolean remove(long block) {
    var page = pages[(int) (block >>> PAGE_SHIFT)];
    long bit = 1L << block;
    if (page == null || (page[word(block)] & bit) == 0) {
      return false;
    }
    page[word(block)] &= ~bit;
    count--;
    return true;
  }

  /// Adds the blocks `start` (inclusive) to `end` (exclusive), a word at a time.
  public void addRange(long start, long end) {
    for (long block = start; block < end; block = (block | 63) + 1) {
      int index = (int) (block >>> PAGE_SHIFT);
      var page = pages[index];
      if (page == null) {
        page = new long[PAGE_WORDS];
        pages[index] = page;
      }
      int word = word(block);
      long bits = maskOf(block, end) & ~page[word];
      page[word] |= bits;
      count += Long.bitCount(bits);
    }
  }

  /// Removes the blocks `start` (inclusive) to `end` (exclusive), a word at a time.
  public void removeRange(long start, long end) {
    for (long block = next(start); block >= 0 && block < end; block = next((block | 63) + 1)) {
      var page = pages[(int) (block >>> PAGE_SHIFT)];
      if (page != null) {
        int word = word(block);
        long bits = maskOf(block, end) & page[word];
        page[word] &= ~bits;
        count -= Long.bitCount(bits);
      }
    }
  }

  /// Bits of the word of `block` from there on, as far as they are before `end`.
  private static long maskOf(long block, long end) {
    long wordEnd = (block | 63) + 1;
    long from = -1L << block;
    return end >= wordEnd ? from : from & ~(-1L << end);
  }

  /// True when any block of `start` (inclusive) to `end` (exclusive) is in the set.
  public boolean intersects(long start, long end) {
    long block = next(start);
    return block >= 0 && block < end;
  }

  /// Adds every block of `other`, which must be of the same size.
  public void addAll(BlockSet other) {
    Check.invariant(other.size == size, "sets of different sizes");
    other.forEach(this::add);
  }

  /// Empties the set and gives its memory back.
  public void clear() {
    java.util.Arrays.fill(pages, null);
    count = 0;
  }

  /// The first block of the set that is not before `from`, or -1.
  public long next(long from) {
    if (from >= size || count == 0) {
      return -1;
    }
    int pageIndex = (int) (from >>> PAGE_SHIFT);
    int word = word(from);
    long mask = -1L << from;
    for (; pageIndex < pages.length; pageIndex++, word = 0, mask = -1L) {
      var page = pages[pageIndex];
      if (page == null) {
        continue;
      }
      for (; word < PAGE_WORDS; word++, mask = -1L) {
        long bits = page[word] & mask;
        if (bits != 0) {
          return ((long) pageIndex << PAGE_SHIFT) + word * 64L + Long.numberOfTrailingZeros(bits);
        }
      }
    }
    return -1;
  }

  /// The end (exclusive) of the run of set blocks that starts at `start`, at most `limit`.
  public long runEnd(long start, long limit) {
    long end = start;
    while (end < limit && end < size && contains(end)) {
      end++;
    }
    return end;
  }

  /// Calls `action` with each block in ascending order.
  public void forEach(LongConsumer action) {
    for (long block = next(0); block >= 0; block = next(block + 1)) {
      action.accept(block);
    }
  }

  /// A set with the same blocks.
  public BlockSet copy() {
    var copy = new BlockSet(size);
    for (int i = 0; i < pages.length; i++) {
      var page = pages[i];
      copy.pages[i] = page == null ? null : page.clone();
    }
    copy.count = count;
    return copy;
  }

  private static int word(long block) {
    return (int) (block & (PAGE_BITS - 1)) >>> 6;
  }

  @Override
  public String toString() {
    var text = new StringBuilder("{");
    for (long start = next(0); start >= 0; ) {
      long end = runEnd(start, size);
      text.append(text.length() > 1 ? "," : "").append(start);
      if (end > start + 1) {
        text.append('-').append(end - 1);
      }
      start = next(end);
    }
    return text.append('}').toString();
  }
}
