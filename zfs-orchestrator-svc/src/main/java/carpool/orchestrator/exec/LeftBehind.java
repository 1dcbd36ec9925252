package carpool.orchestrator.exec;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// What this process started, gave up waiting for and could not end: a `zpool` in the kernel's
/// hands survives SIGKILL for as long as its pool has no devices. Each such child costs a process
/// and two threads, so there is a limit: at [#LIMIT] no further command is started until one of
/// them ends. One list for the process; any thread.
public final class LeftBehind {
  /// Children and threads that may be left behind at a time.
  public static final int LIMIT = 32;

  private record Entry(String what, BooleanSupplier alive) {}

  private static final List<Entry> ENTRIES = new ArrayList<>();

  private LeftBehind() {}

  /// Remembers a process that was killed and did not end.
  static void add(ProcessHandle process, String what) {
    add(what + " (" + process.pid() + ")", process::isAlive);
  }

  /// Remembers a thread that does not come back.
  public static void add(Thread thread, String what) {
    add(what, thread::isAlive);
  }

  private static synchronized void add(String what, BooleanSupplier alive) {
    ENTRIES.add(new Entry(what, alive));
  }

  /// Those that have not ended yet.
  public static synchronized List<String> all() {
    ENTRIES.removeIf(entry -> !entry.alive().getAsBoolean());
    return ENTRIES.stream().map(Entry::what).toList();
  }

  /// Why nothing more is started; empty while there is room.
  public static String refusal() {
    var all = all();
    return all.size() < LIMIT
        ? ""
        : all.size() + " commands do not end although they were killed: " + summary(all);
  }

  private static String summary(List<String> all) {
    var shown = String.join(", ", all.subList(0, Math.min(3, all.size())));
    return all.size() <= 3 ? shown : shown + " and " + (all.size() - 3) + " more";
  }
}
