package carpool.election.address;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ParentSettingsTest {
  private final Path settings;
  private final Path record;

  ParentSettingsTest(@TempDir Path directory) {
    settings = directory.resolve("em0");
    record = directory.resolve("em0.settings");
  }

  @BeforeEach
  void asAnAdministratorLeftThem() throws IOException {
    Files.createDirectory(settings);
    set("arp_ignore", "0");
    set("arp_announce", "1");
  }

  private void set(String key, String value) throws IOException {
    Files.writeString(settings.resolve(key), value + "\n");
  }

  private String values() throws IOException {
    return Files.readString(settings.resolve("arp_ignore")).strip()
        + " "
        + Files.readString(settings.resolve("arp_announce")).strip();
  }

  private ParentSettings process() {
    return new ParentSettings(settings, record);
  }

  @Test
  void formerValuesComeBackWithTheLastGroupOfTheInterface() throws IOException {
    var parent = process();
    parent.acquire(1);
    parent.acquire(2);
    assertThat(values()).isEqualTo("1 2");
    parent.release(1);
    assertThat(values()).isEqualTo("1 2");
    parent.release(2);
    assertThat(values()).isEqualTo("0 1");
    assertThat(record).doesNotExist();
  }

  @Test
  void nextProcessPutsBackWhatAKilledOneChanged() throws IOException {
    process().acquire(1);
    assertThat(record).exists();
    var next = process();
    next.recover();
    assertThat(values()).isEqualTo("0 1");
    assertThat(record).doesNotExist();
    next.acquire(1);
    next.release(1);
    assertThat(values()).isEqualTo("0 1");
  }

  @Test
  void valueThatSomebodyElseSetMeanwhileStays() throws IOException {
    process().acquire(1);
    set("arp_ignore", "2");
    process().recover();
    assertThat(values()).isEqualTo("2 1");
  }

  @Test
  void recordOfAnotherBootIsVoid() throws IOException {
    process().acquire(1);
    Files.writeString(record, "other-boot\narp_ignore 0\narp_announce 1\n");
    process().recover();
    assertThat(values()).isEqualTo("1 2");
    assertThat(record).doesNotExist();
  }

  @Test
  void valuesThatWereRightAlreadyAreNobodysToChange() throws IOException {
    set("arp_ignore", "1");
    set("arp_announce", "2");
    var parent = process();
    parent.acquire(1);
    assertThat(record).doesNotExist();
    parent.release(1);
    assertThat(values()).isEqualTo("1 2");
  }

  @Test
  void interfaceThatIsGoneIsNoFailure() throws IOException {
    process().acquire(1);
    Files.delete(settings.resolve("arp_ignore"));
    Files.delete(settings.resolve("arp_announce"));
    process().recover();
    assertThat(record).doesNotExist();
  }
}
