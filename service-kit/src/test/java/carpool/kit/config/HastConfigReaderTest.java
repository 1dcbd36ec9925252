package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.config.HastAddress.Family;
import carpool.kit.config.HastResource.Checksum;
import carpool.kit.config.HastResource.Component;
import carpool.kit.config.HastResource.Compression;
import carpool.kit.config.HastResource.ReplicationMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class HastConfigReaderTest {
  private static final HostIdentity A = HostIdentity.named("a.example.org");

  static List<CaseFile.Case> badFiles() throws Exception {
    return CaseFile.read("config/bad-hast.txt").cases(HastConfigReaderTest::problems);
  }

  private static List<String> problems(CaseFile.Case one) {
    var problems = new Problems();
    var _ = HastConfigReader.read("hast.conf", one.input(), A, problems);
    return problems.sorted().stream().map(ConfigProblem::toString).toList();
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFileIsRefusedWithEveryProblem(CaseFile.Case one) {
    assertThat(problems(one)).isNotEmpty().isEqualTo(one.expected());
  }

  @Test
  void filesOfTheGuidesLoadUnchanged() throws Exception {
    var g3 = load("g1-g3.conf", "hast1.freebsd.loc");
    var g4 = load("g4.conf", "hast-b");

    assertThat(g3.node()).isEqualTo(new NodeName("hast1"));
    assertThat(g3.resources())
        .extracting(HastResource::name)
        .containsExactly("disk1", "disk2", "disk3");
    assertThat(g3.resources().getFirst())
        .isEqualTo(
            new HastResource(
                "disk1",
                ReplicationMode.MEMSYNC,
                Checksum.NONE,
                Compression.HOLE,
                Duration.ofSeconds(20),
                Optional.empty(),
                component("hast1", "disk1", "/dev/ad1", "hast2"),
                List.of(component("hast2", "disk1", "/dev/ad1", "hast1"))));
    assertThat(g4.resources().getFirst().checksum()).isEqualTo(Checksum.SHA256);
    assertThat(g4.resources().getFirst().local().remote().orElseThrow().hostPort())
        .contains(new HostPort("192.168.100.197", 8457));
  }

  @Test
  void mutilatedFileOfAGuideIsRefusedWithPlaceAndExpectation() {
    assertThatThrownBy(() -> load("g2-mutilated.conf", "s1"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            """
            g2-mutilated.conf:4:2: the reserved word 'on' in the node section of a resource 's1'; \
            allowed: name, local, remote, source, metaflush, or '}' to close 'on s1' opened in line 2
            g2-mutilated.conf:6:1: the end of the file; \
            allowed: '}' to close 'on s2' opened in line 4
            g2-mutilated.conf:6:1: the end of the file; \
            allowed: '}' to close 'resource hast0' opened in line 1\
            """);
  }

  @Test
  void everythingIsInheritedFromTheNearestLevel() throws Exception {
    var config =
        read(
            """
            replication async checksum crc32 compression lzf timeout 5 exec /g metaflush off
            control /c pidfile /p listen 10.0.0.1 on a { listen [fe80::1]:9000 control /ca } on b { pidfile /x }
            resource d {
              replication fullsync name prov local /dev/r metaflush on
              on a { remote b:1234 source tcp4://10.1.1.1 } on b { remote TCP6://fe80::2 name other local /dev/o metaflush off }
            }
            resource e { on a.example.org { local /dev/e remote none } }
            """);

    assertThat(config.control()).isEqualTo("/ca");
    assertThat(config.pidfile()).isEqualTo("/p");
    assertThat(config.listen())
        .containsExactly(
            new HastAddress("10.0.0.1", Family.TCP, "10.0.0.1", 8457),
            new HastAddress("[fe80::1]:9000", Family.TCP, "fe80::1", 9000));
    assertThat(config.resources())
        .containsExactly(
            new HastResource(
                "d",
                ReplicationMode.FULLSYNC,
                Checksum.CRC32,
                Compression.LZF,
                Duration.ofSeconds(5),
                Optional.of("/g"),
                new Component(
                    new NodeName("a"),
                    "prov",
                    "/dev/r",
                    Optional.of(new HastAddress("b:1234", Family.TCP, "b", 1234)),
                    Optional.of(new HastAddress("tcp4://10.1.1.1", Family.TCP4, "10.1.1.1", 0)),
                    true),
                List.of(
                    new Component(
                        new NodeName("b"),
                        "other",
                        "/dev/o",
                        Optional.of(
                            new HastAddress("TCP6://fe80::2", Family.TCP6, "fe80::2", 8457)),
                        Optional.empty(),
                        false))),
            new HastResource(
                "e",
                ReplicationMode.ASYNC,
                Checksum.CRC32,
                Compression.LZF,
                Duration.ofSeconds(5),
                Optional.of("/g"),
                new Component(
                    new NodeName("a.example.org"),
                    "e",
                    "/dev/e",
                    Optional.empty(),
                    Optional.empty(),
                    false),
                List.of()));
  }

  @Test
  void emptyFileIsValidAndListensOnBothFamilies() throws Exception {
    assertThat(read("").listen())
        .extracting(HastAddress::text)
        .containsExactly("tcp4://0.0.0.0:8457", "tcp6://[::]:8457");
  }

  @Test
  void carriageReturnsAndAFinalCommentWithoutNewlineAreAccepted() throws Exception {
    assertThat(read("resource d {\r\n on a { local /x remote none }\r\n}\r\n# the end").resources())
        .hasSize(1);
  }

  @Test
  void laterStatementWinsAndAllMatchingSectionsApply() throws Exception {
    var config =
        read(
            "timeout 1 timeout 7 resource d { on a { local /x remote b } on a.example.org { local /y } }");

    assertThat(config.resources().getFirst().timeout()).isEqualTo(Duration.ofSeconds(7));
    assertThat(config.resources().getFirst().local().path()).isEqualTo("/y");
  }

  @ParameterizedTest
  @CsvSource({
    "host.example.org, true",
    "host, true",
    "HOST, false",
    "example.org, false",
    "550E8400-E29B-41D4-A716-446655440000, true",
    "550e8400-e29b-41d4-a716-446655440000, true",
    "hostid4711, true",
    "hostid1, false"
  })
  void sectionIsMineByNameFirstLabelUuidOrHostId(String word, boolean mine) {
    var host =
        new HostIdentity(
            "host.example.org",
            Optional.of("550e8400-e29b-41d4-a716-446655440000"),
            Optional.of("4711"));

    assertThat(host.matches(word)).isEqualTo(mine);
  }

  @Test
  void limitsOfTheOriginalHold() {
    var longName = "n".repeat(255);
    var longPath = "/" + "p".repeat(1023);

    assertThatThrownBy(() ->
            read(
                "exec %s pidfile %s resource %s { on a { local %s remote %s name %s } }"
                    .formatted(longPath, longPath, longName, longPath, longPath, longName)))
        .hasMessageContaining("Resource name is too long (255 bytes); allowed: at most 254 bytes")
        .hasMessageContaining("name argument is too long (255 bytes)")
        .hasMessageContaining(
            "local argument is too long (1024 bytes); allowed: at most 1023 bytes")
        .hasMessageContaining("remote argument is too long (")
        .hasMessageContaining("pidfile argument is too long (")
        .hasMessageContaining("Exec path is too long (");
  }

  private static HastConfig read(String text) throws ConfigException {
    return HastConfigReader.read("hast.conf", text, A);
  }

  private static HastConfig load(String file, String host) throws Exception {
    var text = Files.readString(Path.of("src/test/resources/config/guides", file));
    return HastConfigReader.read(file, text, HostIdentity.named(host));
  }

  private static Component component(String node, String name, String path, String remote) {
    return new Component(
        new NodeName(node),
        name,
        path,
        Optional.of(new HastAddress(remote, Family.TCP, remote, 8457)),
        Optional.empty(),
        true);
  }
}
