package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/// Overlapping requests run in the order in which they came.
final class RangeLocksTest {
  private final RangeLocks ranges = new RangeLocks();
  private final ArrayList<Op> granted = new ArrayList<>();

  private static Op op(int slot, long offset, int length) {
    var op = new Op(slot);
    op.begin(Op.Kind.CLIENT_WRITE, offset, length);
    return op;
  }

  /// The third overlaps only the second, which waits for the first.
  @Test
  void writeDoesNotOvertakeAnOlderOneThatWaits() {
    var first = op(0, 0, 8192);
    var second = op(1, 4096, 8192);
    var third = op(2, 8192, 8192);
    assertThat(ranges.acquireOrWait(first)).isTrue();
    assertThat(ranges.acquireOrWait(second)).isFalse();
    assertThat(ranges.acquireOrWait(third)).isFalse();
    var fourth = op(3, 12288, 4096);
    assertThat(ranges.tryAcquire(fourth)).isFalse();

    ranges.release(first, granted::add);
    assertThat(granted).containsExactly(second);
    ranges.release(second, granted::add);
    assertThat(granted).containsExactly(second, third);
  }

  @Test
  void rangeIsGivenToAWaiterOnlyWhenNobodyHoldsAPartOfIt() {
    var first = op(0, 0, 4096);
    var second = op(1, 8192, 4096);
    var both = op(2, 0, 12288);
    assertThat(ranges.acquireOrWait(first)).isTrue();
    assertThat(ranges.acquireOrWait(second)).isTrue();
    assertThat(ranges.acquireOrWait(both)).isFalse();

    ranges.release(first, granted::add);
    assertThat(granted).isEmpty();
    ranges.release(second, granted::add);
    assertThat(granted).containsExactly(both);
    assertThat(ranges.waitingCount()).isZero();
  }
}
