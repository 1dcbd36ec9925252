package carpool.replicator.engine;

import carpool.kit.boot.Host;
import carpool.replicator.block.BlockDevice;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.WriteKind;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One slot and the request in it; the fields are the present request's.
public final class RequestSlot implements BlockDevice.Slot {
  private final Host host;
  final int number;
  private @Nullable ByteBuffer buffer;
  private @Nullable ByteBuffer diskView;
  BlockDevice.@Nullable Answer answer;

  /// A read's buffer belongs to the client until it gives it back.
  boolean read;

  /// What is left of a long request without payload, which runs piece by piece.
  long nextOffset;

  long leftBytes;
  boolean punch;
  boolean forced;
  long startedNanos;
  boolean failed;

  /// A request was begun in this slot and its slot is not free again.
  boolean begun;

  /// How many of the two ends of a request have come: its answer (of a read: the buffer is given
  /// back), and the core's release. They come from different steps on different threads, in any
  /// order; the slot is used again only after both.
  private final AtomicInteger ends = new AtomicInteger();

  // What the events below tell; each is set by the thread that steps the core with it.
  long offsetBytes;
  int lengthBytes;
  WriteKind kind = WriteKind.DATA;
  boolean fua;
  boolean diskOk;

  // The events of every request, made once: a step leaves no garbage.
  final Consumer<ReplicationCore> clientWrites;
  final Consumer<ReplicationCore> clientReads;
  final Consumer<ReplicationCore> diskWrote;
  final Consumer<ReplicationCore> diskRead;

  /// Digests of the chunk in this slot, or of the peer's chunk that is to be compared.
  private ByteBuffer digests = ByteBuffer.allocate(0);

  RequestSlot(int number) {
    this(Host.REAL, number);
  }

  RequestSlot(Host host, int number) {
    this.host = host;
    this.number = number;
    clientWrites = core -> core.clientWrite(number, offsetBytes, lengthBytes, kind, fua);
    clientReads = core -> core.clientRead(number, offsetBytes, lengthBytes);
    diskWrote = core -> core.localWritten(number, diskOk);
    diskRead = core -> core.localRead(number, diskOk);
  }

  /// Digests of the chunk in this slot, or of the peer's chunk that is to be compared.
  public ByteBuffer digests() {
    return digests;
  }

  /// See [#digests()].
  public void digests(ByteBuffer newDigests) {
    digests = newDigests;
  }

  /// Counts one end; true for the second.
  boolean endsNow() {
    if (ends.incrementAndGet() < 2) {
      return false;
    }
    ends.set(0);
    return true;
  }

  /// The buffer, for the write to the local disk only: it has a position of its own.
  ByteBuffer diskView() {
    var view = diskView;
    if (view == null) {
      view = buffer().duplicate();
      diskView = view;
    }
    return view.clear();
  }

  @Override
  public ByteBuffer buffer() {
    var b = buffer;
    if (b == null) {
      b = host.buffer(Slots.BYTES);
      buffer = b;
    }
    return b;
  }
}
