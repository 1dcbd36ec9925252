package carpool.replicator.witness;

import carpool.replicator.witness.Holder.Both;
import carpool.replicator.witness.Holder.Only;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A record as bytes: lines of text, so that `etcdctl get` shows it.
///
/// ```
/// carpool-witness 1
/// cluster=storage
/// pool=zhast
/// resource=disk1
/// incarnation=5d1f0c0e9b6a47d2a3f1c2b7e8d90a41
/// holder=only hast1 00f3a9d2c4b5e617
/// writer=hast1
/// written=2026-12-01T08:00:00Z
/// ```
///
/// These lines, in this order, and no others; `holder=both GENERATION` is the other holder, and `
/// forced` follows the generation when an operator forced it. The number in the first line is the
/// format; every other one is refused, because a node that reads half of a record may decide
/// wrongly.
final class RecordFormat {
  /// A record is some 250 bytes; a longer one is none.
  static final int BYTES_MAX = 2048;

  static final int FORMAT = 1;

  private static final int NAME_CHARS_MAX = 255;
  private static final Pattern HEAD = Pattern.compile("carpool-witness ([0-9]{1,9})");
  private static final Pattern HOLDER =
      Pattern.compile("both ([0-9a-f]{16})|only (\\S+) ([0-9a-f]{16})( forced)?");
  private static final List<String> FIELDS =
      List.of("cluster", "pool", "resource", "incarnation", "holder", "writer", "written");
  private static final String WAY_OUT = "look at it with etcdctl get, then replace the witness";

  private RecordFormat() {}

  /// A value that is no record for this resource.
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String found, String toDo) {
      super(found + "; " + toDo);
    }
  }

  /// @throws IllegalArgumentException for a name that cannot be a line, which no configuration lets
  ///   through
  static byte[] encode(ResourceRecord record) {
    var lines =
        List.of(
            "carpool-witness " + FORMAT,
            "cluster=" + name(record.cluster()),
            "pool=" + name(record.pool()),
            "resource=" + name(record.resource()),
            "incarnation=" + name(record.incarnation()),
            "holder="
                + switch (record.holder()) {
                  case Both(long generation) -> "both " + hex(generation);
                  case Only(var node, long generation, boolean forced) ->
                      "only " + word(node) + " " + hex(generation) + (forced ? " forced" : "");
                },
            "writer=" + name(record.writer()),
            "written=" + record.written());
    var bytes = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
    if (bytes.length > BYTES_MAX) {
      throw new IllegalArgumentException("a record of " + bytes.length + " bytes: " + record);
    }
    return bytes;
  }

  /// Reads the value of a resource's key.
  ///
  /// @param cluster and `resource` as they must stand in it
  static ResourceRecord decode(ByteBuffer value, String cluster, String resource) throws Refused {
    if (value.remaining() > BYTES_MAX) {
      throw new Refused(
          "it has %d bytes, allowed are %d".formatted(value.remaining(), BYTES_MAX), WAY_OUT);
    }
    var lines = List.of(text(value).split("\n", -1));
    requireFormat(lines.getFirst());
    if (lines.size() != FIELDS.size() + 2 || !lines.getLast().isEmpty()) {
      throw new Refused(
          "it has not the %d lines of format %d".formatted(FIELDS.size() + 1, FORMAT), WAY_OUT);
    }
    var record =
        new ResourceRecord(
            field(lines, 0),
            field(lines, 1),
            field(lines, 2),
            field(lines, 3),
            holder(field(lines, 4)),
            field(lines, 5),
            time(field(lines, 6)));
    if (!record.cluster().equals(cluster)) {
      throw new Refused(
          "it belongs to the cluster `%s`, this node to `%s`".formatted(record.cluster(), cluster),
          "give each pair a key prefix of its own");
    }
    if (!record.resource().equals(resource)) {
      throw new Refused("it is that of the resource `%s`".formatted(record.resource()), WAY_OUT);
    }
    return record;
  }

  private static String text(ByteBuffer value) throws Refused {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(value.duplicate()).toString();
    } catch (CharacterCodingException e) {
      throw new Refused("it is no UTF-8 text", WAY_OUT);
    }
  }

  private static void requireFormat(String line) throws Refused {
    var head = HEAD.matcher(line);
    if (!head.matches()) {
      throw new Refused("it does not begin with `carpool-witness %d`".formatted(FORMAT), WAY_OUT);
    }
    int format = Integer.parseInt(head.group(1));
    if (format != FORMAT) {
      throw new Refused(
          "it has format %d, this node knows format %d".formatted(format, FORMAT),
          format > FORMAT
              ? "a newer carpool has written it: upgrade this node"
              : "an older carpool has written it: upgrade both nodes, then replace the witness");
    }
  }

  private static String field(List<String> lines, int index) throws Refused {
    var name = FIELDS.get(index);
    var line = lines.get(index + 1);
    var value = line.startsWith(name + "=") ? line.substring(name.length() + 1) : "";
    if (!isName(value)) {
      throw new Refused("its line %d is no `%s=…`".formatted(index + 2, name), WAY_OUT);
    }
    return value;
  }

  private static Holder holder(String text) throws Refused {
    Matcher match = HOLDER.matcher(text);
    if (!match.matches()) {
      throw new Refused(
          "its holder is neither `both NUMBER` nor `only NODE NUMBER [forced]`", WAY_OUT);
    }
    return match.group(1) != null
        ? new Both(Long.parseUnsignedLong(match.group(1), 16))
        : new Only(
            match.group(2), Long.parseUnsignedLong(match.group(3), 16), match.group(4) != null);
  }

  private static Instant time(String text) throws Refused {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new Refused("its line `written=` holds no time", WAY_OUT);
    }
  }

  private static String hex(long number) {
    return "%016x".formatted(number);
  }

  private static String name(String text) {
    if (!isName(text)) {
      throw new IllegalArgumentException("`" + text + "` cannot stand in a record of the witness");
    }
    return text;
  }

  private static String word(String text) {
    if (text.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("`" + text + "` cannot be the holder of a record");
    }
    return name(text);
  }

  private static boolean isName(String text) {
    return !text.isEmpty()
        && text.length() <= NAME_CHARS_MAX
        && text.chars().noneMatch(Character::isISOControl);
  }
}
