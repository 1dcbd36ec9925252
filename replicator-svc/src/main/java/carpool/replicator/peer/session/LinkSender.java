package carpool.replicator.peer.session;

import carpool.kit.boot.Host;
import carpool.replicator.link.BlockConnection;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/// The thread of one session that sends for others: long payloads, whose sender has the local disk
/// to write meanwhile, and signs of life, because a peer that does not read may make it wait.
/// Everything else is sent by whoever queued it, without a hand-over.
final class LinkSender {
  private final BlockConnection connection;
  private final AtomicBoolean asked = new AtomicBoolean();
  private final Thread thread;
  private volatile boolean stopped;

  private LinkSender(Host host, String name, BlockConnection connection) {
    this.connection = connection;
    thread = host.thread(name, this::run);
  }

  static LinkSender start(Host host, String name, BlockConnection connection) {
    var sender = new LinkSender(host, name, connection);
    sender.thread.start();
    return sender;
  }

  /// Sends what is queued for a virtual thread, which waits meanwhile. It must not touch the socket
  /// itself: see [DataListener].
  static void sendFor(BlockConnection connection) {
    try {
      Thread.ofPlatform().name("send").daemon(true).start(connection::drain).join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// What is queued by now will be sent. Never waits.
  void wake() {
    if (!asked.getAndSet(true)) {
      LockSupport.unpark(thread);
    }
  }

  /// The session is over; what is still queued is nobody's.
  void stop() {
    stopped = true;
    LockSupport.unpark(thread);
  }

  private void run() {
    while (!stopped) {
      if (asked.getAndSet(false)) {
        connection.drain();
      } else {
        LockSupport.park(this);
      }
    }
  }
}
