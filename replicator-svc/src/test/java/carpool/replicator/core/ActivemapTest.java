package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

/// Bit n of the map is bit n mod 8, lowest first, of byte n / 8, in whichever run of sectors it is
/// written.
final class ActivemapTest {
  private static final int EXTENT = 4096;

  @Test
  void bitsOfARunOfSectorsLandInTheirOwn() {
    var map = new Activemap(3L * 4096 * EXTENT, EXTENT, 100);
    long[] extents = {1, 4096 + 9, 8192 + 17};
    for (long extent : extents) {
      assertThat(map.mark(extent * EXTENT, 1)).isFalse();
    }
    var written = new BitSet();
    map.startWrite((offset, image) ->
        BitSet.valueOf(image).stream().forEach(bit -> written.set((int) offset * 8 + bit)));

    assertThat(written.stream().asLongStream()).containsExactly(1L, 4105L, 8209L);
  }
}
