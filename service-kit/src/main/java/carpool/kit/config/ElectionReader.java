package carpool.kit.config;

import carpool.kit.config.ElectionGroup.MacKind;
import carpool.kit.config.ElectionGroup.SigningKey;
import carpool.kit.config.ElectionGroup.VipTime;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Reads the `election:` list.
final class ElectionReader {
  /// Longest password in bytes: the kernels' key is 20 bytes including the final zero.
  private static final int LONGEST_PASSWORD_BYTES = 19;

  private static final Duration PREEMPT_DELAY = Duration.ofSeconds(60);
  private static final Duration PREEMPT_DELAY_MAX = Duration.ofDays(1);

  private static final String REACHABLE_FORM =
      "a list of addresses of hosts that answer a ping, as the gateway; [] asks none";

  private static final Pattern INTERFACE = Pattern.compile("[^/\\s]{1,15}");
  private static final Pattern HEX_KEY = Pattern.compile("[0-9A-Fa-f]{40}");

  private final YamlMap top;

  ElectionReader(YamlMap top) {
    this.top = top;
  }

  List<ElectionGroup> read() {
    var groups = new ArrayList<ElectionGroup>();
    var names = new HashMap<String, Integer>();
    var ids = new HashMap<String, Integer>();
    var addresses = new HashMap<String, Integer>();
    var synced = new LinkedHashMap<String, List<Member>>();
    var entries = top.get("election").flatMap(v -> v.list("a list of groups")).orElse(List.of());
    for (var entry : entries) {
      var map = entry.map("a group: { name: …, interface: …, vhid: …, … }");
      if (map.isEmpty()) {
        continue;
      }
      var group = group(map.get());
      once(names, group.name(), map.get(), "name", "group name '" + group.name() + "'");
      once(
          ids,
          group.interfaceName() + "/" + group.vhid(),
          map.get(),
          "vhid",
          "vhid " + group.vhid() + " on " + group.interfaceName());
      for (var address : group.addresses()) {
        var host = address.address().getHostAddress();
        once(addresses, host, map.get(), "addresses", "address " + host);
      }
      group.syncGroup().ifPresent(name -> moveAlike(synced, name, group, map.get()));
      groups.add(group);
    }
    synced.forEach((name, members) -> {
      if (members.size() == 1) {
        members
            .getFirst()
            .map()
            .get("sync-group")
            .ifPresent(
                v -> v.refuse("only one group in sync group '" + name + "'", "two or more groups"));
      }
    });
    return List.copyOf(groups);
  }

  /// A group of a sync group, with its place in the file.
  private record Member(ElectionGroup group, YamlMap map) {}

  /// Groups that move together prefer the same node, and agree on when it gets them back.
  private static void moveAlike(
      Map<String, List<Member>> synced, String name, ElectionGroup group, YamlMap map) {
    var members = synced.computeIfAbsent(name, _ -> new ArrayList<>());
    members.add(new Member(group, map));
    var first = members.getFirst().group();
    if (first.advskew() != group.advskew()
        || first.preempt() != group.preempt()
        || !first.preemptDelay().equals(group.preemptDelay())) {
      map.get("sync-group")
          .ifPresent(v ->
              v.refuse(
                  "advskew, preempt or preempt-delay other than in group " + first.name(),
                  "the same of each in all groups of a sync group"));
    }
  }

  private static void once(
      Map<String, Integer> seen, String value, YamlMap map, String key, String described) {
    var line = map.keyNode(key).getStartMark().getLine() + 1;
    var first = seen.putIfAbsent(value, line);
    if (first != null) {
      map.get(key)
          .ifPresent(
              v -> v.refuse(described + " a second time", "each once; first in line " + first));
    }
  }

  private static ElectionGroup group(YamlMap map) {
    var name =
        map.required("name", CarpoolYamlReader.NAME_FORM)
            .flatMap(v -> v.text(CarpoolYamlReader.NAME, CarpoolYamlReader.NAME_FORM));
    var interfaceName =
        map.required("interface", "the name of a network interface")
            .flatMap(YamlValue::forThisNode)
            .flatMap(v -> v.text(INTERFACE, "the name of a network interface, as em0"))
            .flatMap(found -> exists(map, found));
    var vhid = map.required("vhid", "a whole number 1..255").flatMap(v -> v.integer(1, 255));
    var addresses = map.required("addresses", "a list of ADDRESS/PREFIX");
    var cidrs =
        addresses
            .map(v -> v.listOf("a list of ADDRESS/PREFIX, as [192.168.3.50/24]", YamlValue::cidr))
            .orElse(List.of());
    addresses
        .filter(v ->
            v.node() instanceof org.yaml.snakeyaml.nodes.SequenceNode s && s.getValue().isEmpty())
        .ifPresent(v -> v.refuse("an empty list", "at least one ADDRESS/PREFIX"));
    interfaceName.ifPresent(on -> addresses.ifPresent(at -> inSubnets(at, on, cidrs)));
    var group =
        new ElectionGroup(
            name.orElse(""),
            interfaceName.orElse(""),
            vhid.orElse(0),
            key(map),
            cidrs,
            map.get("advbase").flatMap(v -> v.integer(1, 255)).orElse(1),
            map.get("advskew")
                .flatMap(YamlValue::forThisNode)
                .flatMap(v -> v.integer(0, 254))
                .orElse(0),
            map.get("preempt").flatMap(YamlValue::bool).orElse(false),
            map.get("preempt-delay")
                .flatMap(v -> v.duration(Duration.ZERO, PREEMPT_DELAY_MAX))
                .orElse(PREEMPT_DELAY),
            map.get("peers")
                .flatMap(YamlValue::forThisNode)
                .map(v -> v.listOf("a list of addresses", YamlValue::address))
                .orElse(List.of()),
            map.get("vip")
                .flatMap(v -> v.oneOf(CarpoolYamlReader.choices(VipTime.values())))
                .orElse(VipTime.WITH_MASTER),
            map.get("mac")
                .flatMap(v -> v.oneOf(CarpoolYamlReader.choices(MacKind.values())))
                .orElse(MacKind.REAL),
            reachable(map, cidrs),
            map.get("sync-group")
                .flatMap(v -> v.text(CarpoolYamlReader.NAME, CarpoolYamlReader.NAME_FORM)));
    map.rejectOthers();
    return group;
  }

  private static Optional<String> exists(YamlMap map, String name) {
    var value = map.get("interface");
    var machine = value.flatMap(YamlValue::machine);
    return machine.isPresent() && !machine.get().has(name)
        ? value.get().refuse("no interface of this machine, '" + name + "',", machine.get().names())
        : Optional.of(name);
  }

  /// An address for one host alone says by itself that no subnet is meant.
  private static void inSubnets(YamlValue at, String interfaceName, List<Cidr> shared) {
    var machine = at.machine();
    for (var cidr : shared) {
      boolean single = cidr.prefixLength() == (cidr.isIpv4() ? 32 : 128);
      if (machine.isPresent()
          && !single
          && machine.get().hasOwn(interfaceName, cidr)
          && !machine.get().reaches(interfaceName, cidr)) {
        at.refuse(
            cidr + ", in none of the subnets of " + interfaceName + ",",
            "an address in the subnet of one of " + machine.get().subnets(interfaceName));
      }
    }
  }

  private static Optional<List<InetAddress>> reachable(YamlMap map, List<Cidr> shared) {
    return map.get("reachable")
        .flatMap(YamlValue::forThisNode)
        .map(v -> v.listOf(REACHABLE_FORM, element -> host(element, shared)));
  }

  /// Not a shared address: the node that has it would ask itself.
  private static Optional<InetAddress> host(YamlValue value, List<Cidr> shared) {
    var address = value.address();
    return address.isPresent()
            && shared.stream().anyMatch(cidr -> cidr.address().equals(address.get()))
        ? value.refuse("the shared address " + address.get().getHostAddress(), REACHABLE_FORM)
        : address;
  }

  private static SigningKey key(YamlMap map) {
    var password = map.get("password");
    var file = map.get("password-file");
    var hex = map.get("key");
    var given = List.of(password, file, hex).stream().flatMap(Optional::stream).toList();
    if (given.size() > 1) {
      given.getLast().refuse("a second way to give the key", "one of password, password-file, key");
    }
    if (given.isEmpty()) {
      map.required("password", "a text (or password-file: PATH, or key: 40 hexadecimal digits)");
    }
    var fromPassword = password.flatMap(v -> v.secret().flatMap(s -> checked(v, s)));
    var fromFile =
        file.flatMap(YamlValue::forThisNode)
            .flatMap(v -> readSecret(v).flatMap(s -> checked(v, s)));
    var fromHex =
        hex.flatMap(v ->
            v.node() instanceof org.yaml.snakeyaml.nodes.ScalarNode s
                    && HEX_KEY.matcher(s.getValue()).matches()
                ? Optional.of(new Secret(s.getValue()))
                : v.refuse("a value of another form", "40 hexadecimal digits (20 bytes)"));
    return new SigningKey(fromPassword.or(() -> fromFile), fromHex);
  }

  private static Optional<Secret> checked(YamlValue at, Secret secret) {
    var bytes = secret.reveal().getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    return bytes <= LONGEST_PASSWORD_BYTES
        ? Optional.of(secret)
        : at.refuse(
            "a password of " + bytes + " bytes",
            "1.."
                + LONGEST_PASSWORD_BYTES
                + " bytes; CARP cuts longer ones, so they would not differ");
  }

  static Optional<Secret> readSecret(YamlValue value) {
    var path = value.path("a file with the password in its first line");
    if (path.isEmpty()) {
      return Optional.empty();
    }
    try {
      var line = Files.readString(path.get()).lines().findFirst().orElse("");
      return line.isEmpty()
          ? value.refuse(
              "the empty file " + path.get(), "a file with the password in its first line")
          : Optional.of(new Secret(line));
    } catch (IOException e) {
      return value.refuse(
          "a file that cannot be read (" + path.get() + ")",
          "a readable file with the password in its first line");
    }
  }
}
