package carpool.replicator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The rooms of the replicator, lowest first: each may use only those before it
/// (docs/architecture.md, "Rooms of the replicator").
class RoomOrderTest {
  private static final List<String> ROOMS =
      List.of(
          "store",
          "stream",
          "core.layout",
          "core",
          "core.witness",
          "witness",
          "block",
          "engine",
          "quorum",
          "link",
          "peer.session",
          "peer.rpc",
          "nbd",
          "device",
          "offline",
          "resource",
          "status",
          "control");

  /// The room of the rules is one room with two packages.
  private static final List<String> CORE = List.of("core.layout", "core");

  @Test
  void noRoomUsesOneAbove() {
    var classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("carpool.replicator");
    for (int i = 0; i < ROOMS.size(); i++) {
      var room = ROOMS.get(i);
      var above =
          ROOMS.subList(i + 1, ROOMS.size()).stream()
              .filter(other -> !(CORE.contains(room) && CORE.contains(other)))
              .map(RoomOrderTest::packageOf)
              .toArray(String[]::new);
      if (above.length > 0) {
        noClasses()
            .that()
            .resideInAPackage(packageOf(room))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(above)
            .check(classes);
      }
    }
  }

  private static String packageOf(String room) {
    return "carpool.replicator." + room;
  }
}
