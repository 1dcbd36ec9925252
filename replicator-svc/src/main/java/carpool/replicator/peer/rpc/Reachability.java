package carpool.replicator.peer.rpc;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;

/// Whether the peer's machine takes a connection now. Tried with new connections: one that was
/// begun while the network was cut, or that stood through it, repeats what was lost ever more
/// rarely, and would not notice for seconds that the network is whole again.
final class Reachability {
  /// One lost packet must not pass for an absent peer; the kernel repeats after a second.
  private static final int[] ATTEMPT_MILLIS = {250, 350};

  private Reachability() {}

  /// How an attempt ended.
  ///
  /// @param lastNanos when the last attempt began
  record Found(boolean reached, long lastNanos) {}

  /// Tries, on the caller's thread, for 0.6 s at most.
  static Found look(InetSocketAddress address, HastResource resource) {
    long began = System.nanoTime();
    for (int millis : ATTEMPT_MILLIS) {
      began = System.nanoTime();
      try (var socket = new Socket()) {
        var source = resource.local().source().flatMap(HastAddress::hostPort);
        if (source.isPresent()) {
          socket.bind(new InetSocketAddress(source.get().resolve().getAddress(), 0));
        }
        socket.connect(address, millis);
        return new Found(true, began);
      } catch (SocketTimeoutException _) {
        // Once more.
      } catch (IOException _) {
        break; // nobody listens there, or there is no way
      }
    }
    return new Found(false, began);
  }
}
