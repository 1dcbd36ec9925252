package carpool.election.address;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What an interface must not do while virtual MACs sit on it, and what it did before: answer ARP
/// for their addresses (`arp_ignore` 1) or ask in their name with its own MAC (`arp_announce` 2).
///
/// The former values are on record before they are changed, so that the start after a crash puts
/// them back. The record need not survive a power cut, and is not forced to the disk: the settings
/// do not survive one either. It names the boot that it belongs to, and a value that somebody else
/// set meanwhile stays.
///
/// One per interface, shared by the groups on it; any thread.
public final class ParentSettings {
  private static final Logger LOG = LoggerFactory.getLogger(ParentSettings.class);
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
  private static final String SUFFIX = ".settings";
  private static final Map<String, String> WANTED = Map.of("arp_ignore", "1", "arp_announce", "2");

  private final Path settings;
  private final Path record;
  private final TreeMap<String, String> before = new TreeMap<>();
  private final Set<Integer> users = new HashSet<>();

  /// @param settings the directory with a file for each setting
  /// @param record where the former values are kept while they are not in force
  ParentSettings(Path settings, Path record) {
    this.settings = settings;
    this.record = record;
  }

  /// The settings of an interface of this machine.
  ///
  /// @param directory of the record; there when [#acquire] is called
  public static ParentSettings of(String interfaceName, Path directory) {
    return new ParentSettings(
        Path.of("/proc/sys/net/ipv4/conf", interfaceName),
        directory.resolve(interfaceName + SUFFIX));
  }

  /// Puts back what a killed process left behind, on every interface that has a record.
  public static void recoverAll(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    List<Path> records;
    try (var files = Files.list(directory)) {
      records = files.filter(file -> file.toString().endsWith(SUFFIX)).toList();
    }
    for (var file : records) {
      String name = file.getFileName().toString();
      of(name.substring(0, name.length() - SUFFIX.length()), directory).recover();
    }
  }

  /// Puts back what a killed process left behind; nothing happens without a record.
  synchronized void recover() throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(record);
    } catch (NoSuchFileException _) {
      return;
    }
    if (!lines.isEmpty() && lines.getFirst().equals(boot())) {
      for (String line : lines.subList(1, lines.size())) {
        String[] words = line.split(" ", -1);
        if (words.length == 2 && WANTED.containsKey(words[0])) {
          before.put(words[0], words[1]);
        }
      }
      putBack();
      LOG.warn("{}: put back {}, left by a process that did not stop in order", settings, lines);
    }
    Files.delete(record);
  }

  /// Makes the interface keep quiet for the virtual MAC of this group. What cannot be set is
  /// logged: the address works without, only some neighbours may see the wrong MAC.
  synchronized void acquire(int vhid) {
    users.add(vhid);
    var changes = new TreeMap<String, String>();
    WANTED.forEach((key, wanted) -> {
      String now = read(key);
      if (!now.isEmpty() && !now.equals(wanted)) {
        changes.put(key, now);
      }
    });
    if (changes.isEmpty()) {
      return;
    }
    before.putAll(changes);
    try {
      note();
    } catch (IOException e) {
      LOG.warn("{} cannot be written; a crash would leave {} changed", record, settings, e);
    }
    changes.keySet().forEach(key -> write(key, WANTED.getOrDefault(key, "")));
  }

  /// The virtual MAC of this group is gone; after the last one the former values come back.
  synchronized void release(int vhid) {
    users.remove(vhid);
    if (!users.isEmpty() || before.isEmpty()) {
      return;
    }
    putBack();
    try {
      Files.deleteIfExists(record);
    } catch (IOException e) {
      LOG.warn("{} cannot be removed", record, e);
    }
  }

  private void putBack() {
    before.forEach((key, old) -> {
      if (read(key).equals(WANTED.get(key))) {
        write(key, old);
      }
    });
    before.clear();
  }

  private void note() throws IOException {
    var text = new StringBuilder(boot()).append('\n');
    before.forEach((key, old) -> text.append(key).append(' ').append(old).append('\n'));
    Path next = record.resolveSibling(record.getFileName() + ".new");
    Files.writeString(next, text);
    Files.move(next, record, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /// Empty when there is no such setting, or no such interface any more.
  private String read(String key) {
    try {
      return Files.readString(settings.resolve(key)).strip();
    } catch (IOException e) {
      LOG.debug("{}/{}: {}", settings, key, e.toString());
      return "";
    }
  }

  private void write(String key, String value) {
    try {
      Files.writeString(settings.resolve(key), value);
    } catch (IOException e) {
      LOG.warn("{}/{} cannot be set to {}: {}", settings, key, value, e.toString());
    }
  }

  private static String boot() {
    try {
      return Files.readString(BOOT).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
