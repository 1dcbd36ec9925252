package carpool.cli.hastctl;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A parsed command line of hastctl(8): the command first, then options, then operands (getopt(3):
/// options may be joined and may hold their value).
record HastctlArguments(
    String command,
    Path config,
    Optional<String> extentSize,
    Optional<String> keepdirty,
    Optional<String> mediaSize,
    List<String> operands) {

  /// What to print and the exit code 64.
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String text;

    UsageException(String text) {
      super(text);
      this.text = text;
    }

    /// An `[ERROR]` stands alone; everything else is followed by the usage.
    void print(java.io.PrintStream err) {
      if (!text.isEmpty()) {
        err.println(text);
      }
      if (!text.startsWith("[ERROR]")) {
        err.print(HastctlUsage.TEXT);
      }
    }
  }

  static HastctlArguments parse(String[] words) throws UsageException {
    var commands = List.of("create", "role", "list", "status", "dump");
    if (words.length == 0 || !commands.contains(words[0])) {
      throw new UsageException("");
    }
    var config = Path.of("/etc/hast.conf");
    Optional<String> extentSize = Optional.empty();
    Optional<String> keepdirty = Optional.empty();
    Optional<String> mediaSize = Optional.empty();
    var operands = new ArrayList<String>();
    var i = 1;
    while (i < words.length && words[i].startsWith("-") && words[i].length() > 1) {
      if (words[i].equals("--")) {
        i++;
        break;
      }
      var letters = words[i++];
      for (var j = 1; j < letters.length(); j++) {
        var letter = letters.charAt(j);
        if (letter == 'd') {
          continue;
        }
        if ("cekm".indexOf(letter) < 0) {
          throw new UsageException(letter == 'h' ? "" : "hastctl: illegal option -- " + letter);
        }
        String value;
        if (j + 1 < letters.length()) {
          value = letters.substring(j + 1);
        } else if (i < words.length) {
          value = words[i++];
        } else {
          throw new UsageException("hastctl: option requires an argument -- " + letter);
        }
        switch (letter) {
          case 'c' -> config = Path.of(value);
          case 'e' -> extentSize = Optional.of(sized(value, "extentsize"));
          case 'k' -> keepdirty = Optional.of(sized(value, "keepdirty"));
          default -> mediaSize = Optional.of(sized(value, "mediasize"));
        }
        break;
      }
    }
    while (i < words.length) {
      operands.add(words[i++]);
    }
    return new HastctlArguments(
            words[0], config, extentSize, keepdirty, mediaSize, List.copyOf(operands))
        .checked();
  }

  /// Whether every configured resource is meant.
  boolean all() {
    return operands.isEmpty() || operands.getFirst().equals("all");
  }

  private HastctlArguments checked() throws UsageException {
    switch (command) {
      case "create" -> {
        if (operands.isEmpty()) {
          throw new UsageException("");
        }
      }
      case "role" -> {
        if (operands.size() < 2
            || !List.of("init", "primary", "secondary").contains(operands.getFirst())) {
          throw new UsageException("");
        }
      }
      default -> {}
    }
    if (!command.equals("create")
        && (extentSize.isPresent() || keepdirty.isPresent() || mediaSize.isPresent())) {
      throw new UsageException("");
    }
    return this;
  }

  private static String sized(String value, String what) throws UsageException {
    if (SizeOption.parse(value).isEmpty()) {
      throw new UsageException("[ERROR] Invalid " + what + ".");
    }
    return value;
  }
}
