package carpool.replicator.engine;

import carpool.kit.boot.Host;
import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects.MapPart;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Role;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.core.layout.MetadataBlock;
import carpool.replicator.core.layout.Times;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An attached provider: its metadata, its activemap, its data area. Metadata and map are written
/// by one thread at a time (the journal).
///
/// The first failed write or flush, by whichever thread, is recorded durably in the metadata (disk
/// FAILED) and, in case the disk does not take that, in the state directory. A copy with that mark
/// lost writes and nobody knows which: it is attached as inconsistent with every extent marked, so
/// that it is promoted by force only and gets all blocks from its peer. Until the core records it
/// as good again, every version of the metadata keeps the mark.
public final class AttachedProvider implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AttachedProvider.class);

  /// How long the failing thread waits for the journal, which may hang in a call.
  private static final long RECORD_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Host host;
  private final LocalProvider provider;
  private final FailedCopies failures;
  private final List<String> warnings;
  private final ReentrantLock writing = new ReentrantLock();
  private volatile Metadata metadata;
  private volatile boolean lostWrites;
  private volatile boolean mapFlushed = true;

  private AttachedProvider(
      Host host, LocalProvider provider, MetadataBlock.Loaded loaded, FailedCopies failures) {
    this.host = host;
    this.provider = provider;
    this.failures = failures;
    this.metadata = loaded.metadata();
    this.warnings = new ArrayList<>(loaded.warnings());
    this.lostWrites = metadata.disk() == DiskState.FAILED;
  }

  /// Attaches with the exclusive lock and reads the metadata.
  ///
  /// @throws LayoutException when there is none, or that of another resource
  public static AttachedProvider open(String resource, Path path, FailedCopies failures)
      throws ProviderException, LayoutException {
    var provider = LocalProvider.attach(path);
    boolean complete = false;
    try {
      var attachment = open(Host.REAL, resource, provider, failures);
      complete = true;
      return attachment;
    } finally {
      if (!complete) {
        provider.close();
      }
    }
  }

  /// The same with an open provider, which is the attachment's from here on.
  static AttachedProvider open(String resource, LocalProvider provider, FailedCopies failures)
      throws ProviderException, LayoutException {
    return open(Host.REAL, resource, provider, failures);
  }

  /// The same on another host.
  public static AttachedProvider open(
      Host host, String resource, LocalProvider provider, FailedCopies failures)
      throws ProviderException, LayoutException {
    var loaded = MetadataArea.load(provider);
    var metadata = loaded.metadata();
    if (!metadata.resource().equals(resource)) {
      throw new LayoutException(
          "Provider " + provider.path() + " is not part of resource " + resource + ".");
    }
    if (metadata.dataSizeBytes() > provider.sizeBytes() - metadata.offsetBytes()) {
      throw new LayoutException(
          provider.path()
              + " has "
              + provider.sizeBytes()
              + " bytes, but its metadata says that the data ends at "
              + (metadata.offsetBytes() + metadata.dataSizeBytes()));
    }
    var attachment = new AttachedProvider(host, provider, loaded, failures);
    MetadataArea.completeUpdate(provider, metadata);
    attachment.takeOverNote();
    provider.whenFailed(attachment::failed);
    return attachment;
  }

  /// A note that this copy lost writes goes to the disk, now that it takes one again.
  private void takeOverNote() throws ProviderException, LayoutException {
    var resource = metadata.resource();
    try {
      var note = failures.of(resource);
      if (note.isPresent() && note.get().isAbout(metadata)) {
        lostWrites = true;
      }
      if (lostWrites) {
        // Also when it says so: the mark may be in the page cache only, which the disk refused.
        write(
            metadata.next(
                metadata.prevRole(), DiskState.FAILED, metadata.identity(), metadata.times()));
        // An operator may have this copy served by force: then it passes for good, and nobody knows
        // any more that any block of it may differ.
        MetadataArea.markAll(provider, metadata);
      }
      if (note.isPresent()) {
        failures.forget(resource);
      }
    } catch (IOException e) {
      throw e instanceof ProviderException refused
          ? refused
          : ProviderException.of(
              ProviderException.Reason.FAILED_BEFORE,
              "whether " + provider.path() + " lost writes cannot be found out: " + e.getMessage());
    }
    if (lostWrites) {
      warnings.add("the copy lost writes when its disk failed; it needs all blocks from the peer");
    }
  }

  public Metadata metadata() {
    return metadata;
  }

  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /// Keeps this node's version of blocks that a verification found different.
  ///
  /// @param differentMask as in `ReplicationCore.localCompared`
  void keepVersions(long offset, int coveredBytes, long differentMask) {
    new KeptVersions(failures.stateDir(), metadata.resource())
        .keep(provider, metadata, offset, coveredBytes, differentMask);
  }

  LocalProvider provider() {
    return provider;
  }

  /// False for a copy that lost writes and is not good again. After a failed write-back Linux goes
  /// on showing pages that are not on the disk and never will be (fsync(2)): what is read from such
  /// a copy proves nothing, and what is equal there is lost with the page.
  boolean readable() {
    return !lostWrites;
  }

  /// What the copy is worth, as found.
  DiskState foundDisk() {
    return lostWrites ? DiskState.INCONSISTENT : metadata.disk();
  }

  /// The marked extents; all of a copy that lost writes.
  BlockSet readMap() {
    return MetadataArea.readMap(provider, metadata, warnings);
  }

  /// Writes the next version of the metadata durably.
  void writeMetadata(Role role, DiskState disk, Identity identity, Times times)
      throws ProviderException, LayoutException {
    boolean good = disk.servable();
    var recorded = lostWrites && !good ? DiskState.FAILED : disk;
    try {
      write(metadata.next(role, recorded, identity, times));
    } catch (LayoutException e) {
      provider.fail(
          ProviderException.of(ProviderException.Reason.IO_ERROR, String.valueOf(e.getMessage())));
      throw e;
    }
    if (good) {
      lostWrites = false;
    }
  }

  /// Writes the metadata again, with other times.
  void writeTimes(Times times) throws ProviderException, LayoutException {
    write(metadata.next(metadata.prevRole(), metadata.disk(), metadata.identity(), times));
  }

  private void write(Metadata next) throws ProviderException, LayoutException {
    writing.lock();
    try {
      MetadataArea.write(provider, MetadataBlock.updates(metadata, next));
      metadata = next;
    } finally {
      writing.unlock();
    }
  }

  /// On the thread whose write or flush failed first.
  private void failed(ProviderException cause) {
    lostWrites = true;
    var now = metadata;
    LOG.error(
        "resource={} the disk has failed, nothing is written to it any more: {}",
        now.resource(),
        cause.getMessage());
    Optional<Exception> unnoted = Optional.empty();
    try {
      failures.note(now.resource(), now, String.valueOf(cause.getMessage()));
    } catch (IOException e) {
      unnoted = Optional.of(e);
    }
    var unmarked = markFailed(now);
    if (unnoted.isPresent() && unmarked.isPresent()) {
      LOG.error(
          "resource={} that the copy lost writes cannot be kept: on the disk: {}; in the state"
              + " directory: {}; do not promote this node before it has synchronised",
          now.resource(),
          unmarked.get().getMessage(),
          unnoted.get().getMessage());
    } else {
      unnoted.ifPresent(
          e -> LOG.warn("resource={} state directory: {}", now.resource(), e.getMessage()));
      unmarked.ifPresent(
          e -> LOG.warn("resource={} mark on the disk: {}", now.resource(), e.getMessage()));
    }
  }

  private Optional<Exception> markFailed(Metadata now) {
    try {
      if (!host.within(RECORD_WAIT_NANOS, writing::tryLock)) {
        return Optional.of(new IOException("a write of the metadata is under way"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of(e);
    }
    try {
      var marked = now.next(now.prevRole(), DiskState.FAILED, now.identity(), now.times());
      for (var write : MetadataBlock.updates(now, marked)) {
        provider.writeLast(MetadataArea.direct(write.bytes()), write.offsetBytes());
      }
      metadata = marked;
      return Optional.empty();
    } catch (ProviderException | LayoutException e) {
      return Optional.of(e);
    } finally {
      writing.unlock();
    }
  }

  /// `metaflush off` of hast.conf: the map is not flushed after each update. A power cut may then
  /// lose marks of blocks that differ; the metadata themselves are flushed always.
  public void flushMap(boolean flush) {
    mapFlushed = flush;
  }

  /// Writes parts of the map durably.
  void writeMap(List<MapPart> parts) throws ProviderException {
    for (var part : parts) {
      long room = metadata.mapSizeBytes() - part.offsetBytes();
      var image = part.image();
      var direct = ByteBuffer.allocateDirect((int) Math.min(image.remaining(), room));
      direct.put(image.slice(image.position(), direct.capacity())).flip();
      provider.write(direct, MetadataBlock.BYTES + part.offsetBytes());
    }
    if (mapFlushed) {
      provider.flush();
    }
  }

  @Override
  public void close() throws ProviderException {
    provider.close();
  }
}
