package carpool.kit.grpc;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/// The place of a listening unix socket: its directory is made with mode 0700, a socket left over
/// by a dead process is removed, one that somebody answers on is not.
public final class UnixSocketFile {

  private UnixSocketFile() {}

  /// Makes room for a socket at `path`.
  ///
  /// @throws IOException when another process listens there, or when something else is in the way
  public static Claim claim(Path path) throws IOException {
    makeRoom(path);
    // Netty removes the file that a server channel was bound to when it closes, whoever's it is by
    // then; and a file that appears under its name with its mode is never open to others.
    var unpublished = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid());
    Files.deleteIfExists(unpublished);
    return new Claim(path, unpublished);
  }

  /// A socket that is not yet at its place.
  ///
  /// @param unpublished what to bind to
  public record Claim(Path path, Path unpublished) {
    /// What to bind to, before [#publish].
    public UnixDomainSocketAddress address() {
      return UnixDomainSocketAddress.of(unpublished);
    }

    /// Restricts the bound socket to its owner and puts it at its place.
    public Bound publish() throws IOException {
      Files.setPosixFilePermissions(unpublished, PosixFilePermissions.fromString("rw-------"));
      Files.move(unpublished, path, StandardCopyOption.ATOMIC_MOVE);
      return new Bound(path, identityOf(path));
    }
  }

  private static void makeRoom(Path path) throws IOException {
    var directory = path.toAbsolutePath().getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    var address = UnixDomainSocketAddress.of(path);
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    var attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isOther()) {
      throw new IOException(
          path + " is in the way and is no socket; remove it, or choose another runtime-dir");
    }
    if (answers(address)) {
      throw new IOException(
          "another process already listens on "
              + path
              + "; stop it first, or choose another runtime-dir");
    }
    Files.delete(path);
  }

  /// The socket file that this process has just bound, so that it removes no other.
  ///
  /// @param identity of the file (device and inode); null when it was gone already
  public record Bound(Path path, @Nullable Object identity) {
    /// Removes the file unless it is another one by now: a successor may have claimed the path. To
    /// be called while this process still listens: until then nobody can claim it.
    public void remove() throws IOException {
      if (identity != null && identity.equals(identityOf(path))) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static @Nullable Object identityOf(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (NoSuchFileException _) {
      return null;
    }
  }

  private static boolean answers(UnixDomainSocketAddress address) {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(address);
    } catch (IOException e) {
      return false;
    }
  }
}
