package carpool.sim.pair;

import carpool.sim.replication.Oracle;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the pool asks of one device. It outlives the replicator's process: the proxy below the
/// device asks again, until the device ends.
final class DeviceRequest {
  enum Kind {
    WRITE,
    READ,
    FLUSH
  }

  final Kind kind;
  final int unit;
  final int units;
  final Oracle.@Nullable Write write;
  final List<Oracle.Write> flushes;
  final long startMicros;

  /// Told once; false is an I/O error.
  final Consumer<Boolean> done;

  /// The process of the present life has it.
  boolean submitted;

  DeviceRequest(
      Kind kind,
      int unit,
      int units,
      Oracle.@Nullable Write write,
      List<Oracle.Write> flushes,
      long startMicros,
      Consumer<Boolean> done) {
    this.kind = kind;
    this.unit = unit;
    this.units = units;
    this.write = write;
    this.flushes = flushes;
    this.startMicros = startMicros;
    this.done = done;
  }
}
