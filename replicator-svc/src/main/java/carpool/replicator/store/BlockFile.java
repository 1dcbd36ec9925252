package carpool.replicator.store;

import java.io.Closeable;
import java.nio.ByteBuffer;

/// An open file or block device, as one operating system offers it. Positional and safe for many
/// threads at once. Every method either did all of its work or throws.
interface BlockFile extends Closeable {
  /// Bytes.
  long sizeBytes() throws ProviderException;

  /// Smallest unit the device itself can write; 512 for files.
  int sectorBytes() throws ProviderException;

  /// Reads `into` from position to limit.
  void read(ByteBuffer into, long offsetBytes) throws ProviderException;

  /// Writes `from` from position to limit.
  void write(ByteBuffer from, long offsetBytes) throws ProviderException;

  /// Makes everything written before durable.
  void flush() throws ProviderException;

  /// Zeroes a range without writing them out.
  ///
  /// @param mayPunch the space may be given back
  /// @return false when the system cannot do that here: nothing was changed that must not be zero
  boolean tryZero(long offsetBytes, long lengthBytes, boolean mayPunch) throws ProviderException;

  /// The first run of equal allocation.
  Run run(long offsetBytes, long lengthBytes) throws ProviderException;

  /// How many bytes from there on, at most `lengthBytes`, are known to be a hole; asks for no more
  /// than where data begins, which is cheap however fragmented the file is. 0 when there is data,
  /// or when the system cannot tell.
  long holeBytes(long offsetBytes, long lengthBytes) throws ProviderException;

  /// Takes the lock that keeps a second replicator away; held until [#close].
  ///
  /// @return false when somebody has it
  boolean tryLock() throws ProviderException;

  @Override
  void close() throws ProviderException;

  /// A run of equal allocation.
  ///
  /// @param lengthBytes at least 1
  /// @param hole reads as zeroes, has no space
  record Run(long lengthBytes, boolean hole) {}
}
