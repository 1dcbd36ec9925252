package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.nbd.ExportLookup.Found;
import carpool.replicator.nbd.ExportLookup.Found.Served;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The handshake phase of one connection: options in, replies out (NBD proto.md "Fixed newstyle
/// negotiation"; nbd.md 2 to 5). No socket, no clock. After every refusal the connection stays in
/// the handshake and in step; what ends it is said in [Next].
final class Haggling {
  private final ExportLookup exports;
  private final boolean clientWantsZeroes;
  private final TlsMode tls;

  private boolean structured;
  private @Nullable String contextsOf;
  private boolean allocationSelected;
  private @Nullable Served chosen;
  private String chosenName = "";

  /// @param clientWantsZeroes the client did not set C_NO_ZEROES
  Haggling(ExportLookup exports, boolean clientWantsZeroes, TlsMode tls) {
    this.exports = exports;
    this.clientWantsZeroes = clientWantsZeroes;
    this.tls = tls;
  }

  /// What follows the replies.
  enum Next {
    OPTION,
    TRANSMISSION,
    START_TLS,
    CLOSE
  }

  /// Replies to one option, from position to limit.
  record Answer(ByteBuffer replies, Next next) {}

  /// What transmission has to know; only after [Next#TRANSMISSION].
  Agreed agreed() {
    if (chosen == null) {
      throw new IllegalStateException("no export was chosen");
    }
    return new Agreed(
        chosenName,
        chosen.device(),
        structured,
        allocationSelected && chosenName.equals(contextsOf));
  }

  /// The outcome of the handshake.
  ///
  /// @param blockStatus `base:allocation` was selected, as context 0
  record Agreed(String name, BlockDevice device, boolean structured, boolean blockStatus) {}

  /// Answers an option whose data was too long to be taken.
  Answer tooLong(int option) {
    var out = new OptionReplies(option);
    out.error(Wire.REP_ERR_TOO_BIG, "the option's data is too long");
    return new Answer(out.toBytes(), Next.OPTION);
  }

  /// Answers one option.
  ///
  /// @param data the option's data from position to limit
  Answer answer(int option, ByteBuffer data) {
    var out = new OptionReplies(option);
    var next = Next.OPTION;
    if (tls == TlsMode.REQUIRED && option != Wire.OPT_ABORT && option != Wire.OPT_STARTTLS) {
      if (option == Wire.OPT_EXPORT_NAME) {
        next = Next.CLOSE;
      } else {
        out.error(Wire.REP_ERR_TLS_REQD, "this server speaks TLS only");
      }
      return new Answer(out.toBytes(), next);
    }
    switch (option) {
      case Wire.OPT_EXPORT_NAME -> next = exportName(data, out);
      case Wire.OPT_ABORT -> {
        out.ack();
        next = Next.CLOSE;
      }
      case Wire.OPT_LIST -> list(data, out);
      case Wire.OPT_STARTTLS -> next = startTls(data, out);
      case Wire.OPT_INFO -> infoOrGo(data, out);
      case Wire.OPT_GO -> next = infoOrGo(data, out) ? Next.TRANSMISSION : Next.OPTION;
      case Wire.OPT_STRUCTURED_REPLY -> structuredReply(data, out);
      case Wire.OPT_LIST_META_CONTEXT -> metaContexts(data, out, false);
      case Wire.OPT_SET_META_CONTEXT -> metaContexts(data, out, true);
      default -> out.error(Wire.REP_ERR_UNSUP, "option " + option + " is not known here");
    }
    return new Answer(out.toBytes(), next);
  }

  private Next exportName(ByteBuffer data, OptionReplies out) {
    var name = data.remaining() <= Wire.STRING_BYTES_MAX ? text(data, data.remaining()) : null;
    if (name == null || !(find(name) instanceof Served served)) {
      return Next.CLOSE;
    }
    choose(name, served);
    out.exportName(served.device().sizeBytes(), flags(served.device()), clientWantsZeroes);
    return Next.TRANSMISSION;
  }

  private void list(ByteBuffer data, OptionReplies out) {
    if (data.hasRemaining()) {
      out.error(Wire.REP_ERR_INVALID, "LIST has no data");
      return;
    }
    for (var name : exports.names()) {
      if (exports.find(name) instanceof Served served) {
        out.server(name, served.description());
      }
    }
    out.ack();
  }

  private Next startTls(ByteBuffer data, OptionReplies out) {
    if (data.hasRemaining()) {
      out.error(Wire.REP_ERR_INVALID, "STARTTLS has no data");
      return Next.OPTION;
    }
    return switch (tls) {
      case NONE -> {
        out.error(Wire.REP_ERR_UNSUP, "no TLS on this socket");
        yield Next.OPTION;
      }
      case ACTIVE -> {
        out.error(Wire.REP_ERR_INVALID, "TLS was started already");
        yield Next.OPTION;
      }
      case REQUIRED -> {
        out.ack();
        yield Next.START_TLS;
      }
    };
  }

  private void structuredReply(ByteBuffer data, OptionReplies out) {
    if (data.hasRemaining()) {
      out.error(Wire.REP_ERR_INVALID, "STRUCTURED_REPLY has no data");
      return;
    }
    structured = true;
    out.ack();
  }

  private boolean infoOrGo(ByteBuffer data, OptionReplies out) {
    var name = name(data);
    Set<Integer> wanted = name == null ? null : infoTypes(data);
    if (name == null || wanted == null) {
      out.error(Wire.REP_ERR_INVALID, "the lengths inside the option do not add up");
      return false;
    }
    if (!(found(name, out) instanceof Served served)) {
      return false;
    }
    choose(name, served);
    if (wanted.contains(Wire.INFO_BLOCK_SIZE)) {
      out.blockSizeInfo();
    }
    if (wanted.contains(Wire.INFO_NAME)) {
      out.textInfo(Wire.INFO_NAME, chosenName);
    }
    if (wanted.contains(Wire.INFO_DESCRIPTION)) {
      out.textInfo(Wire.INFO_DESCRIPTION, served.description());
    }
    out.exportInfo(served.device().sizeBytes(), flags(served.device()));
    out.ack();
    return true;
  }

  private static @Nullable Set<Integer> infoTypes(ByteBuffer data) {
    if (data.remaining() < 2) {
      return null;
    }
    var count = data.getShort() & 0xffff;
    if (data.remaining() != 2 * count) {
      return null;
    }
    var types = new HashSet<Integer>();
    while (data.hasRemaining()) {
      types.add(data.getShort() & 0xffff);
    }
    return types;
  }

  private void metaContexts(ByteBuffer data, OptionReplies out, boolean select) {
    if (select) {
      contextsOf = null;
      allocationSelected = false;
    }
    if (!structured) {
      out.error(Wire.REP_ERR_INVALID, "ask for structured replies first");
      return;
    }
    var name = name(data);
    var asked = name == null ? null : ContextQueries.parse(data);
    if (name == null || asked == null) {
      out.error(Wire.REP_ERR_INVALID, "the lengths inside the option do not add up");
      return;
    }
    if (!(found(name, out) instanceof Served)) {
      return;
    }
    var matches = select ? asked.selectsAllocation() : asked.listsAllocation();
    if (matches) {
      out.metaContext(0, Wire.BASE_ALLOCATION);
    }
    if (select) {
      contextsOf = canonical(name);
      allocationSelected = matches;
    }
    out.ack();
  }

  private @Nullable Found found(String name, OptionReplies out) {
    var found = find(name);
    switch (found) {
      case Served _ -> {}
      case Found.Refused(var why) -> out.error(Wire.REP_ERR_POLICY, why);
      case Found.Unknown _ ->
          out.error(Wire.REP_ERR_UNKNOWN, "no export is called '" + printable(name) + "'");
    }
    return found;
  }

  private Found find(String name) {
    return exports.find(canonical(name));
  }

  private String canonical(String name) {
    var names = exports.names();
    return name.isEmpty() && names.size() == 1 ? names.getFirst() : name;
  }

  private void choose(String name, Served served) {
    chosen = served;
    chosenName = canonical(name);
  }

  private int flags(BlockDevice device) {
    var flags =
        Wire.HAS_FLAGS
            | Wire.SEND_FLUSH
            | Wire.SEND_FUA
            | Wire.CAN_MULTI_CONN
            | Wire.SEND_CACHE
            | (structured ? Wire.SEND_DF : 0);
    return device.readOnly()
        ? flags | Wire.READ_ONLY
        : flags | Wire.SEND_TRIM | Wire.SEND_WRITE_ZEROES | Wire.SEND_FAST_ZERO;
  }

  private static @Nullable String name(ByteBuffer data) {
    if (data.remaining() < 4) {
      return null;
    }
    var length = data.getInt();
    return length < 0 || length > Wire.STRING_BYTES_MAX || length > data.remaining()
        ? null
        : text(data, length);
  }

  /// Takes a string; null when it is not UTF-8 or holds a NUL.
  static @Nullable String text(ByteBuffer data, int length) {
    var utf8 = data.slice(data.position(), length);
    data.position(data.position() + length);
    try {
      var text = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
      return text.indexOf('\0') < 0 ? text : null;
    } catch (CharacterCodingException _) {
      return null;
    }
  }

  private static String printable(String name) {
    var short_ = name.length() > 80 ? name.substring(0, 80) + "…" : name;
    return short_.replaceAll("\\p{Cntrl}", "?");
  }
}
