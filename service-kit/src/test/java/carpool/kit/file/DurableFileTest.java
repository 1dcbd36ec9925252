package carpool.kit.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFileTest {
  @TempDir Path directory;

  @Test
  void theNewTextTakesThePlaceOfTheOldOneAndNothingIsLeftBeside() throws Exception {
    var home = directory.resolve("made/when/missing");
    DurableFile.replace(home.resolve("kept"), "none");
    Files.writeString(home.resolve("kept.new"), "what a process left that died while it wrote");

    DurableFile.replace(home.resolve("kept"), "one and longer");
    DurableFile.replace(home.resolve("kept"), "two");

    assertThat(home.resolve("kept")).hasContent("two");
    try (var files = Files.list(home)) {
      assertThat(files).containsExactly(home.resolve("kept"));
    }
  }
}
