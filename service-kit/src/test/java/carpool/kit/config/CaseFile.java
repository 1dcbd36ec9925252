package carpool.kit.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A file of test cases: comment lines, then `=== name`, input, `--- problems`, expected lines.
final class CaseFile {
  private static final boolean REWRITE = Boolean.getBoolean("carpool.rewrite");

  private final Path file;
  private final String head;
  private final List<Case> cases;

  /// One case; `input` has its stand-ins replaced.
  record Case(String name, String rawInput, List<String> expected) {
    String input() {
      return rawInput.replace("<TAB>", "\t").replace("<CR>", "\r");
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /// What a case produces.
  interface Reader {
    List<String> problems(Case one) throws Exception;
  }

  private CaseFile(Path file, String head, List<Case> cases) {
    this.file = file;
    this.head = head;
    this.cases = cases;
  }

  static CaseFile read(String resource) throws IOException {
    var file = Path.of("src/test/resources", resource);
    var head = new StringBuilder();
    var cases = new ArrayList<Case>();
    var name = "";
    var input = new StringBuilder();
    var expected = new ArrayList<String>();
    var inExpected = false;
    for (var line : Files.readAllLines(file)) {
      if (line.startsWith("=== ")) {
        if (!name.isEmpty()) {
          cases.add(new Case(name, input.toString(), List.copyOf(expected)));
        }
        name = line.substring(4);
        input.setLength(0);
        expected.clear();
        inExpected = false;
      } else if (name.isEmpty()) {
        head.append(line).append('\n');
      } else if (line.equals("--- problems")) {
        inExpected = true;
      } else if (inExpected) {
        expected.add(line);
      } else {
        input.append(line).append('\n');
      }
    }
    cases.add(new Case(name, input.toString(), List.copyOf(expected)));
    return new CaseFile(file, head.toString(), List.copyOf(cases));
  }

  List<Case> cases(Reader reader) throws Exception {
    if (!REWRITE) {
      return cases;
    }
    var out = new StringBuilder(head);
    var fresh = new ArrayList<Case>();
    for (var one : cases) {
      var now = new Case(one.name(), one.rawInput(), reader.problems(one));
      fresh.add(now);
      out.append("=== ").append(now.name()).append('\n').append(now.rawInput());
      out.append("--- problems\n");
      now.expected().forEach(line -> out.append(line).append('\n'));
    }
    Files.writeString(file, out);
    return fresh;
  }
}
