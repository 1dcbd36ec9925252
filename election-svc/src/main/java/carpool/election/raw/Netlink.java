package carpool.election.raw;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One rtnetlink socket: requests with their answers, or a subscription to events. Not for both.
///
/// A request needs CAP_NET_ADMIN when it changes something; a subscription needs nothing.
public final class Netlink implements AutoCloseable {
  public static final int RTMGRP_LINK = 1;
  public static final int RTMGRP_IPV4_IFADDR = 0x10;
  public static final int RTMGRP_IPV6_IFADDR = 0x100;

  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_ACK = 4;
  private static final int NLM_F_DUMP = 0x300;
  private static final int HEADER_BYTES = 16;
  private static final int RECEIVE_BYTES = 65_536;
  private static final int ANSWER_MILLIS = 2_000;
  private static final byte[] KERNEL = Bytes.struct(12).putShort((short) Linux.AF_NETLINK).array();

  private final Descriptor descriptor;
  private final Arena arena = Arena.ofShared();
  private final Message incoming = Message.receiving(arena, RECEIVE_BYTES);
  private int sequence;

  /// A message without its header.
  ///
  /// @param type RTM_…
  /// @param body in the machine's byte order, position 0
  public record Reply(int type, ByteBuffer body) {}

  private Netlink(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  /// Opens a socket.
  ///
  /// @param groups the events subscribed to, RTMGRP_… or'ed; 0 for requests
  public static Netlink open(int groups) throws PosixException {
    byte[] address =
        Bytes.struct(12)
            .putShort((short) Linux.AF_NETLINK)
            .putShort((short) 0)
            .putInt(0)
            .putInt(groups)
            .array();
    var descriptor = Descriptor.open("netlink socket", Linux.AF_NETLINK, 0);
    descriptor.set("SO_RCVBUF", Linux.SOL_SOCKET, Linux.SO_RCVBUF, Bytes.ofInt(1 << 20));
    return new Netlink(descriptor.bind(address));
  }

  /// Changes something and waits for the kernel's word.
  ///
  /// @param flags NLM_F_… besides REQUEST and ACK
  /// @throws PosixException with the kernel's errno
  public synchronized void change(String what, int type, int flags, byte[] body)
      throws PosixException {
    int number = send(type, flags | NLM_F_ACK, body);
    long deadline = System.nanoTime() + ANSWER_MILLIS * 1_000_000L;
    while (System.nanoTime() - deadline < 0) {
      for (var message : read(ANSWER_MILLIS)) {
        if (message.number == number && message.type == NLMSG_ERROR) {
          int errno = -message.body.getInt(0);
          if (errno != 0) {
            throw new PosixException(what, errno);
          }
          return;
        }
      }
    }
    throw new PosixException(what + ", no answer", 110);
  }

  /// Asks for a list.
  public synchronized List<Reply> dump(String what, int type, byte[] body) throws PosixException {
    int number = send(type, NLM_F_DUMP, body);
    var out = new ArrayList<Reply>();
    long deadline = System.nanoTime() + ANSWER_MILLIS * 1_000_000L;
    while (System.nanoTime() - deadline < 0) {
      for (var message : read(ANSWER_MILLIS)) {
        if (message.number != number) {
          continue;
        }
        if (message.type == NLMSG_DONE) {
          return out;
        }
        if (message.type == NLMSG_ERROR) {
          throw new PosixException(what, -message.body.getInt(0));
        }
        out.add(new Reply(message.type, message.body));
      }
    }
    throw new PosixException(what + ", no answer", 110);
  }

  /// Waits for events.
  ///
  /// @return none when nothing came in `waitMillis`
  /// @throws PosixException with ENOBUFS when events were lost: ask for the present state
  public List<Reply> events(int waitMillis) throws PosixException {
    return read(waitMillis).stream().map(message -> new Reply(message.type, message.body)).toList();
  }

  public boolean isClosed() {
    return descriptor.isClosed();
  }

  @Override
  public void close() {
    if (!descriptor.isClosed()) {
      descriptor.close();
      arena.close();
    }
  }

  private int send(int type, int flags, byte[] body) throws PosixException {
    sequence++;
    byte[] message =
        Bytes.struct(HEADER_BYTES + body.length)
            .putInt(HEADER_BYTES + body.length)
            .putShort((short) type)
            .putShort((short) (flags | NLM_F_REQUEST))
            .putInt(sequence)
            .putInt(0)
            .put(body)
            .array();
    descriptor.send(KERNEL, message, null);
    return sequence;
  }

  private record Numbered(int type, int number, ByteBuffer body) {}

  private List<Numbered> read(int waitMillis) throws PosixException {
    long count = descriptor.receive(incoming, waitMillis);
    if (count < 0) {
      return List.of();
    }
    var in = ByteBuffer.wrap(incoming.data(count)).order(ByteOrder.nativeOrder());
    var out = new ArrayList<Numbered>();
    while (in.remaining() >= HEADER_BYTES) {
      int start = in.position();
      int length = in.getInt(start);
      if (length < HEADER_BYTES || length > in.remaining()) {
        break;
      }
      var body =
          in.slice(start + HEADER_BYTES, length - HEADER_BYTES).order(ByteOrder.nativeOrder());
      out.add(new Numbered(in.getShort(start + 4) & 0xffff, in.getInt(start + 8), body));
      in.position(Math.min(in.limit(), start + ((length + 3) & ~3)));
    }
    return out;
  }

  /// The value of the first attribute of this type, or null.
  ///
  /// @param start where attributes begin in `body`
  public static @Nullable ByteBuffer attribute(ByteBuffer body, int start, int type) {
    int at = start;
    while (at + 4 <= body.limit()) {
      int length = body.getShort(at) & 0xffff;
      if (length < 4 || at + length > body.limit()) {
        return null;
      }
      if ((body.getShort(at + 2) & 0x3fff) == type) {
        return body.slice(at + 4, length - 4).order(ByteOrder.nativeOrder());
      }
      at += (length + 3) & ~3;
    }
    return null;
  }

  /// One attribute, padded to four bytes.
  public static byte[] attribute(int type, byte[] value) {
    int length = 4 + value.length;
    return Bytes.struct((length + 3) & ~3)
        .putShort((short) length)
        .putShort((short) type)
        .put(value)
        .array();
  }
}
