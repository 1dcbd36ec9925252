package carpool.sim.engine;

import java.util.random.RandomGenerator;

/// The parts of a large device, mostly holes, that clients write data to and that are checked
/// sector by sector. A tracked sector has a number; neighbours in a window have neighbouring ones.
final class Windows {
  private final long[] firstSectors;
  private final int sectorsEach;

  /// @param windows how many, evenly spread; the last one ends where the device ends
  Windows(long deviceSectors, int windows, int sectorsEach) {
    this.sectorsEach = sectorsEach;
    firstSectors = new long[windows];
    long gap = windows == 1 ? 0 : (deviceSectors - sectorsEach) / (windows - 1);
    for (int i = 0; i < windows; i++) {
      firstSectors[i] = i == windows - 1 ? deviceSectors - sectorsEach : i * gap;
    }
  }

  int sectors() {
    return firstSectors.length * sectorsEach;
  }

  int each() {
    return sectorsEach;
  }

  /// A window, as the number of its first sector.
  int any(RandomGenerator random) {
    return random.nextInt(firstSectors.length) * sectorsEach;
  }

  /// Where a tracked sector is on the device.
  long onDevice(int number) {
    return firstSectors[number / sectorsEach] + number % sectorsEach;
  }

  /// Number of the first tracked sector at `deviceSector` or behind.
  int from(long deviceSector) {
    for (int window = 0; window < firstSectors.length; window++) {
      if (deviceSector < firstSectors[window] + sectorsEach) {
        return window * sectorsEach + (int) Math.max(0, deviceSector - firstSectors[window]);
      }
    }
    return sectors();
  }
}
