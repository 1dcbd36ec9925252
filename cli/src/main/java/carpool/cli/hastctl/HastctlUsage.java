package carpool.cli.hastctl;

/// Exit codes of hastctl(8) (sysexits.h) and its usage text.
final class HastctlUsage {
  static final int USAGE = 64;
  static final int UNKNOWN_RESOURCE = 65;
  static final int NO_ANSWER = 69;
  static final int REFUSED = 70;
  static final int NOT_CONNECTED = 71;
  static final int NO_CONFIGURATION = 72;
  static final int WRONG_CONFIGURATION = 78;

  static final String TEXT =
      """
      usage: hastctl create [-d] [-c config] [-e extentsize] [-k keepdirty] [-m mediasize] name ...
             hastctl role [-d] [-c config] <init | primary | secondary> all | name ...
             hastctl list [-d] [-c config] [all | name ...]
             hastctl status [-d] [-c config] [all | name ...]
             hastctl dump [-d] [-c config] [all | name ...]
      """;

  private HastctlUsage() {}
}
