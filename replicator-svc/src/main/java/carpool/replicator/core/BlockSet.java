package carpool.replicator.core;

import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// A set of block numbers from 0 to `size - 1`, in pages that exist only where something is set and
/// something is not: neither the empty set nor the full one of a 16 TiB device takes more than a
/// few kilobytes, and a synchronisation that goes from the one to the other never has more than the
/// pages it works on. The last page is only as long as the set: a small one takes a few bytes.
///
/// Not safe for concurrent use; owned by whoever steps the core.
public final class BlockSet {
  private static final int PAGE_SHIFT = 16;
  private static final int PAGE_BITS = 1 << PAGE_SHIFT;
  private static final int PAGE_WORDS = PAGE_BITS / 64;

  /// Stands for every page in which all blocks are set; never changed.
  private static final long[] FULL = fullPage();

  private final long size;
  private final long[] @Nullable [] pages;

  /// How many blocks of each page are set.
  private final int[] counts;

  private long count;

  /// An empty set.
  ///
  /// @param size number of blocks, at least 1 and at most 2^47
  public BlockSet(long size) {
    this.size = size;
    this.pages = new long[Math.toIntExact((size + PAGE_BITS - 1) >>> PAGE_SHIFT)][];
    this.counts = new int[pages.length];
  }

  private static long[] fullPage() {
    var page = new long[PAGE_WORDS];
    Arrays.fill(page, -1L);
    return page;
  }

  /// The page, to be changed.
  private long[] writable(int index) {
    var page = pages[index];
    if (page == null) {
      page = new long[words(index)];
      pages[index] = page;
    } else if (isFull(page)) {
      page = page.clone();
      pages[index] = page;
    }
    return page;
  }

  private int words(int index) {
    return (int) Math.min(PAGE_WORDS, (size - ((long) index << PAGE_SHIFT) + 63) >>> 6);
  }

  @SuppressWarnings("ReferenceEquality") // The very same one.
  private static boolean isFull(long @Nullable [] page) {
    return page == FULL;
  }

  /// After a page got or lost blocks: gives its memory back when it is empty or full.
  private void changed(int index, int difference) {
    count += difference;
    counts[index] += difference;
    if (counts[index] == 0) {
      pages[index] = null;
    } else if (counts[index] == PAGE_BITS) {
      pages[index] = FULL;
    }
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
    if (contains(block)) {
      return false;
    }
    int index = (int) (block >>> PAGE_SHIFT);
    writable(index)[word(block)] |= 1L << block;
    changed(index, 1);
    return true;
  }

  /// Removes `block`; true when it was there.
  public boolean remove(long block) {
    if (!contains(block)) {
      return false;
    }
    int index = (int) (block >>> PAGE_SHIFT);
    writable(index)[word(block)] &= ~(1L << block);
    changed(index, -1);
    return true;
  }

  /// Adds the blocks `start` (inclusive) to `end` (exclusive), a word or a page at a time.
  public void addRange(long start, long end) {
    for (long block = start; block < end; ) {
      int index = (int) (block >>> PAGE_SHIFT);
      long pageEnd = ((long) index + 1) << PAGE_SHIFT;
      if (isFull(pages[index])) {
        block = pageEnd;
        continue;
      }
      if (word(block) == 0 && (block & 63) == 0 && end >= pageEnd) {
        changed(index, PAGE_BITS - counts[index]);
        block = pageEnd;
        continue;
      }
      long stop = Math.min(end, pageEnd);
      var page = writable(index);
      int added = 0;
      for (; block < stop; block = (block | 63) + 1) {
        int word = word(block);
        long bits = maskOf(block, stop) & ~page[word];
        page[word] |= bits;
        added += Long.bitCount(bits);
      }
      changed(index, added);
    }
  }

  /// Removes the blocks `start` (inclusive) to `end` (exclusive), a word or a page at a time.
  public void removeRange(long start, long end) {
    for (long block = next(start); block >= 0 && block < end; block = next(block)) {
      int index = (int) (block >>> PAGE_SHIFT);
      long pageEnd = ((long) index + 1) << PAGE_SHIFT;
      long stop = Math.min(end, pageEnd);
      int removed = 0;
      if (word(block) == 0 && (block & 63) == 0 && stop == pageEnd) {
        removed = counts[index];
        block = pageEnd;
      } else {
        var page = writable(index);
        for (; block < stop; block = (block | 63) + 1) {
          int word = word(block);
          long bits = maskOf(block, stop) & page[word];
          page[word] &= ~bits;
          removed += Long.bitCount(bits);
        }
      }
      changed(index, -removed);
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
    long block = next(start, end);
    return block >= 0 && block < end;
  }

  /// Adds every block of `other`, which must be of the same size.
  public void addAll(BlockSet other) {
    Check.invariant(other.size == size, "sets of different sizes");
    for (int i = 0; i < pages.length; i++) {
      var theirs = other.pages[i];
      if (isFull(theirs)) {
        changed(i, PAGE_BITS - counts[i]);
      } else if (theirs != null && !isFull(pages[i])) {
        var page = writable(i);
        int added = 0;
        for (int word = 0; word < theirs.length; word++) {
          added += Long.bitCount(theirs[word] & ~page[word]);
          page[word] |= theirs[word];
        }
        changed(i, added);
      }
    }
  }

  /// Empties the set and gives its memory back.
  public void clear() {
    Arrays.fill(pages, null);
    Arrays.fill(counts, 0);
    count = 0;
  }

  /// The first block of the set that is not before `from`, or -1.
  public long next(long from) {
    return next(from, size);
  }

  /// The same, looking no further than `limit` needs: what is found may lie beyond, in its word.
  private long next(long from, long limit) {
    long stop = Math.min(limit, size);
    if (from >= stop || count == 0) {
      return -1;
    }
    int pageIndex = (int) (from >>> PAGE_SHIFT);
    int lastPage = (int) ((stop - 1) >>> PAGE_SHIFT);
    int word = word(from);
    long mask = -1L << from;
    for (; pageIndex <= lastPage; pageIndex++, word = 0, mask = -1L) {
      var page = pages[pageIndex];
      if (page == null) {
        continue;
      }
      int lastWord = pageIndex == lastPage ? word(stop - 1) : page.length - 1;
      for (; word <= lastWord; word++, mask = -1L) {
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
    long stop = Math.min(limit, size);
    long end = start;
    while (end < stop) {
      var page = pages[(int) (end >>> PAGE_SHIFT)];
      if (page == null) {
        break;
      }
      if (isFull(page)) {
        end = (end | (PAGE_BITS - 1)) + 1;
        continue;
      }
      long clear = ~page[word(end)] & (-1L << end);
      if (clear != 0) {
        end = (end & ~63L) + Long.numberOfTrailingZeros(clear);
        break;
      }
      end = (end | 63) + 1;
    }
    return Math.min(end, stop);
  }

  /// Calls `action` with each block in ascending order.
  public void forEach(LongConsumer action) {
    for (long block = next(0); block >= 0; block = next(block + 1)) {
      action.accept(block);
    }
  }

  /// Removes every block of `other`, which must be of the same size.
  void removeAll(BlockSet other) {
    Check.invariant(other.size == size, "sets of different sizes");
    for (long start = other.next(0); start >= 0; ) {
      long end = other.runEnd(start, size);
      removeRange(start, end);
      start = other.next(end);
    }
  }

  /// A set with the same blocks.
  public BlockSet copy() {
    var copy = new BlockSet(size);
    for (int i = 0; i < pages.length; i++) {
      var page = pages[i];
      copy.pages[i] = page == null || isFull(page) ? page : page.clone();
    }
    System.arraycopy(counts, 0, copy.counts, 0, counts.length);
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
