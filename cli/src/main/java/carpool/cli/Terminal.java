package carpool.cli;

import org.jspecify.annotations.Nullable;

/// Whether a person sits in front of us.
final class Terminal {

  private Terminal() {}

  /// True when standard input and output are a terminal.
  @SuppressWarnings("SystemConsoleNull") // With the console of java.base, the default, it may be.
  static boolean isThere() {
    var console = System.console();
    return console != null && console.isTerminal();
  }

  /// Asks; null when there is no terminal or no answer.
  @SuppressWarnings("SystemConsoleNull")
  static @Nullable String ask(String question) {
    var console = System.console();
    return console == null ? null : console.readLine("%s", question);
  }
}
