package carpool.kit.grpc;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// The place of a listening unix socket: its directory is made with mode 0700, a socket left over
/// by a dead process is removed, one that somebody answers on is not.
public final class UnixSocketFile {

  private UnixSocketFile() {}

  /// Makes room for a socket at `path`.
  ///
  /// @throws IOException when another process listens there, or when something else is in the way
  public static UnixDomainSocketAddress claim(Path path) throws IOException {
    var directory = path.toAbsolutePath().getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    var address = UnixDomainSocketAddress.of(path);
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return address;
    }
    var attributes =
        Files.readAttributes(
            path, java.nio.file.attribute.BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
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
    return address;
  }

  /// Restricts the bound socket to its owner.
  public static void restrict(Path path) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
  }

  private static boolean answers(UnixDomainSocketAddress address) {
    try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(address);
    } catch (IOException e) {
      return false;
    }
  }
}
