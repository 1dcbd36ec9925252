package carpool.sim.mutants;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One planted fault.
///
/// @param id unique, starts with the name of its layer
/// @param layer name of the file that it stands in
/// @param module directory of the Maven module that it changes
/// @param source the source file, relative to the root of the repository
/// @param find text that the source holds exactly once
/// @param replace what stands there instead
/// @param why the fault in one sentence
/// @param tests classes that may find it, in this order
/// @param worlds what the simulator is asked to run, for example `replication 1..300`
/// @param equivalent why nothing can find it, or empty
/// @param sample one of those that every build plants
/// @param untried nobody has seen yet what finds it; planted only when asked for
record Mutant(
    String id,
    String layer,
    String module,
    Path source,
    String find,
    String replace,
    String why,
    List<String> tests,
    List<World> worlds,
    String equivalent,
    boolean sample,
    boolean untried) {

  /// A world of the simulator with its first and last seed.
  record World(String name, long first, long last) {
    /// Parses `NAME FIRST..LAST`.
    static World parse(String text) {
      var parts = text.split(" |\\.\\.", -1);
      if (parts.length != 3) {
        throw new IllegalArgumentException("`" + text + "` is not NAME FIRST..LAST");
      }
      return new World(parts[0], Long.parseLong(parts[1]), Long.parseLong(parts[2]));
    }

    @Override
    public String toString() {
      return name + " " + first + ".." + last;
    }
  }

  /// What the source says with the fault in it. Blanks and ends of lines count alike, so that the
  /// formatter may move them.
  ///
  /// @throws IllegalArgumentException when the text is not there exactly once, or would not change
  String plantedIn(String text) {
    var words = Stream.of(find.strip().split("\\s+", -1)).map(Pattern::quote);
    var matcher = Pattern.compile(words.collect(Collectors.joining("\\s+"))).matcher(text);
    if (find.isBlank() || !matcher.find()) {
      throw new IllegalArgumentException(id + ": not found in " + source + ": " + find);
    }
    var planted = text.substring(0, matcher.start()) + replace + text.substring(matcher.end());
    if (matcher.find(matcher.start() + 1)) {
      throw new IllegalArgumentException(id + ": more than once in " + source + ": " + find);
    }
    if (planted.equals(text)) {
      throw new IllegalArgumentException(id + " changes nothing");
    }
    return planted;
  }

  /// True when the compiler copies what is changed into other classes, so that one source file is
  /// not enough.
  boolean changesConstant() {
    return find.contains("static final");
  }
}
