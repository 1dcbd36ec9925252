package carpool.kit.config;

import java.util.Optional;

/// An address of hast.conf: TCP or the path of a unix socket.
///
/// @param text as written in the file; `status` and `list` print it
public record HastAddress(String text, Family family, String hostOrPath, int port) {

  /// The port of an address that names none; 0 (any) for `source`.
  public static final int DEFAULT_PORT = 8457;

  /// What the address is for; TCP when the file does not say which IP version.
  public enum Family {
    TCP,
    TCP4,
    TCP6,
    UNIX
  }

  /// Host and port; empty for a unix socket.
  public Optional<HostPort> hostPort() {
    return family == Family.UNIX ? Optional.empty() : Optional.of(new HostPort(hostOrPath, port));
  }
}
