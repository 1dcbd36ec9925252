package carpool.election.raw;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/// One open socket: any thread may send, one thread receives. Closing waits until neither is inside
/// a system call, so that a number the kernel has given away again is never used.
final class Descriptor implements AutoCloseable {
  private final String what;
  private final int fd;
  private boolean closed;
  private boolean receiving;

  private Descriptor(String what, int fd) {
    this.what = what;
    this.fd = fd;
  }

  /// Opens a socket that is closed in child processes.
  ///
  /// @param what for error texts, for example "raw socket for protocol 112"
  static Descriptor open(String what, int family, int protocol) throws PosixException {
    int type = Linux.SOCK_RAW | Linux.SOCK_CLOEXEC;
    return new Descriptor(what, Posix.socket("open " + what, family, type, protocol));
  }

  Descriptor set(String option, int level, int name, byte[] value) throws PosixException {
    try {
      Posix.setsockopt("set " + option + " of " + what, fd, level, name, value);
      return this;
    } catch (PosixException e) {
      close();
      throw e;
    }
  }

  Descriptor bind(byte[] address) throws PosixException {
    try {
      Posix.bind("bind " + what, fd, address);
      return this;
    } catch (PosixException e) {
      close();
      throw e;
    }
  }

  void send(byte[] address, byte[] payload, Message.@Nullable Ancillary ancillary)
      throws PosixException {
    try (var arena = Arena.ofConfined()) {
      var message = Message.sending(arena, address, payload, ancillary);
      synchronized (this) {
        if (closed) {
          throw new PosixException("send on closed " + what, PosixException.ENODEV);
        }
        Posix.sendmsg("send on " + what, fd, message.header());
      }
    }
  }

  /// Receives one message into `message`.
  ///
  /// @return bytes received; -1 if nothing came in `waitMillis`, or the socket is closed
  long receive(Message message, int waitMillis) throws PosixException {
    synchronized (this) {
      if (closed) {
        return -1;
      }
      receiving = true;
    }
    try {
      if (!Posix.awaitReadable(fd, waitMillis)) {
        return -1;
      }
      return Posix.recvmsg("receive on " + what, fd, message.ready());
    } finally {
      synchronized (this) {
        receiving = false;
        notifyAll();
      }
    }
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /// Idempotent. Waits for a receive in progress, at most its waiting time.
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean interrupted = false;
    while (receiving) {
      try {
        wait();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    try {
      Posix.close(fd);
    } catch (PosixException e) {
      // Linux has released the number whatever close says; there is nothing buffered in a raw
      // socket.
      System.getLogger(Descriptor.class.getName()).log(System.Logger.Level.DEBUG, what, e);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
