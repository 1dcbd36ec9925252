package carpool.replicator.link;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.Role;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Bytes of the messages that two cores exchange: one byte for the kind, then its fields, big
/// endian.
final class MessageCodec {
  private static final int MAX_BYTES = 256;

  private MessageCodec() {}

  static ByteBuffer encode(PeerMessage message) {
    var out = ByteBuffer.allocateDirect(MAX_BYTES);
    switch (message) {
      case PeerMessage.StateChanged(var role, var disk) ->
          out.put((byte) 1).put(roleCode(role)).put((byte) disk.code());
      case PeerMessage.PromotionRequest() -> out.put((byte) 2);
      case PeerMessage.PromotionAnswer(boolean granted) ->
          out.put((byte) 3).put((byte) (granted ? 1 : 0));
      case PeerMessage.MapTaken() -> out.put((byte) 4);
      case PeerMessage.SyncStart() -> out.put((byte) 5);
      case PeerMessage.SyncReady() -> out.put((byte) 6);
      case PeerMessage.InStep(var identity) -> {
        out.put((byte) 7);
        put(out, identity);
      }
      case PeerMessage.InStepDone() -> out.put((byte) 8);
      case PeerMessage.DiskFailed() -> out.put((byte) 9);
      case PeerMessage.SoleCopyTaken() -> out.put((byte) 10);
    }
    return out.flip();
  }

  static PeerMessage decode(ByteBuffer in) throws ProtocolException {
    try {
      var message =
          switch (in.get()) {
            case 1 -> new PeerMessage.StateChanged(role(in.get()), DiskState.ofCode(in.get()));
            case 2 -> new PeerMessage.PromotionRequest();
            case 3 -> new PeerMessage.PromotionAnswer(in.get() != 0);
            case 4 -> new PeerMessage.MapTaken();
            case 5 -> new PeerMessage.SyncStart();
            case 6 -> new PeerMessage.SyncReady();
            case 7 -> new PeerMessage.InStep(identity(in));
            case 8 -> new PeerMessage.InStepDone();
            case 9 -> new PeerMessage.DiskFailed();
            case 10 -> new PeerMessage.SoleCopyTaken();
            default -> throw new ProtocolException("a message of unknown kind");
          };
      if (in.hasRemaining()) {
        throw new ProtocolException("a message with " + in.remaining() + " bytes too many");
      }
      return message;
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new ProtocolException("a message that is cut off or out of range");
    }
  }

  private static void put(ByteBuffer out, Identity identity) {
    out.putLong(identity.resuid())
        .putLong(identity.localcnt())
        .putLong(identity.remotecnt())
        .putLong(identity.generation())
        .put((byte) (identity.alone() ? 1 : 0))
        .put((byte) identity.history().size());
    identity.history().forEach(out::putLong);
  }

  private static Identity identity(ByteBuffer in) throws ProtocolException {
    long resuid = in.getLong();
    long localcnt = in.getLong();
    long remotecnt = in.getLong();
    long generation = in.getLong();
    boolean alone = in.get() != 0;
    int count = in.get();
    if (count < 0 || count > Identity.HISTORY_MAX) {
      throw new ProtocolException("a history of " + count + " generations");
    }
    List<Long> history = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      history.add(in.getLong());
    }
    return new Identity(resuid, localcnt, remotecnt, generation, alone, history);
  }

  private static byte roleCode(Role role) {
    return switch (role) {
      case INIT -> 1;
      case PRIMARY -> 2;
      case SECONDARY -> 3;
    };
  }

  private static Role role(byte code) throws ProtocolException {
    return switch (code) {
      case 1 -> Role.INIT;
      case 2 -> Role.PRIMARY;
      case 3 -> Role.SECONDARY;
      default -> throw new ProtocolException("role " + code);
    };
  }
}
