package carpool.kit.config;

import carpool.kit.config.WitnessSettings.Login;
import carpool.kit.config.WitnessSettings.OnLoss;
import carpool.kit.config.WitnessSettings.WitnessTls;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.SequenceNode;

/// Reads the `witness:` section.
final class WitnessReader {
  private static final Pattern PREFIX = Pattern.compile("(/[A-Za-z0-9._:-]+)+");
  private static final int PREFIX_CHARS_MAX = 200;
  private static final String PREFIX_FORM =
      "a path as /carpool/storage, of letters, digits and . _ : -, at most "
          + PREFIX_CHARS_MAX
          + " characters";
  private static final String ENDPOINTS_FORM =
      "a list of 1 to "
          + WitnessSettings.ENDPOINTS_MAX
          + " URLs of one etcd cluster, as https://pi.example:2379";
  private static final String USER_FORM = "a name of an etcd user";

  private final YamlMap top;
  private final Optional<HastConfig> hast;

  WitnessReader(YamlMap top, Optional<HastConfig> hast) {
    this.top = top;
    this.hast = hast;
  }

  /// @param cluster the name of the pair, for the default of the prefix
  Optional<WitnessSettings> read(String cluster) {
    var section = top.get("witness");
    var map = section.flatMap(v -> v.map("{ endpoints: […], … }"));
    if (map.isEmpty()) {
      return Optional.empty();
    }
    var endpoints = endpoints(map.get());
    var tls = tls(map.get());
    var login = login(map.get());
    var prefix =
        map.get()
            .get("key-prefix")
            .flatMap(v -> v.text().flatMap(text -> prefix(v, text)))
            .orElse(WitnessSettings.defaultKeyPrefix(cluster));
    var onLoss =
        map.get()
            .get("on-loss")
            .flatMap(v -> v.oneOf(CarpoolYamlReader.choices(OnLoss.values())))
            .orElse(OnLoss.SUSPEND);
    map.get().rejectOthers();
    if (tls.isEmpty()
        && map.get().get("tls").isEmpty()
        && endpoints.stream().anyMatch(WitnessEndpoint::tls)) {
      map.get().required("tls", "{ ca: PEM file of the authority that signed etcd's certificate }");
    }
    if (hast.isPresent() && alone(hast.get())) {
      section
          .get()
          .refuse(
              "a witness, and no resource of hast.conf has a `remote`",
              "no witness here; a witness decides between two nodes");
    }
    return Optional.of(new WitnessSettings(endpoints, tls, login, prefix, onLoss));
  }

  /// A file without any resource is one that is still being written.
  private static boolean alone(HastConfig hast) {
    return !hast.resources().isEmpty()
        && hast.resources().stream().allMatch(resource -> resource.local().remote().isEmpty());
  }

  private static List<WitnessEndpoint> endpoints(YamlMap map) {
    var given = map.required("endpoints", ENDPOINTS_FORM);
    if (given.isEmpty()) {
      return List.of();
    }
    if (!(given.get().node() instanceof SequenceNode)) {
      // Not repeated here: a URL may have a password in it.
      given.get().refuse("a value that is no list", ENDPOINTS_FORM);
      return List.of();
    }
    var list = given.get().list(ENDPOINTS_FORM).orElse(List.of());
    if (list.isEmpty() || list.size() > WitnessSettings.ENDPOINTS_MAX) {
      given.get().refuse(list.size() + " endpoints", ENDPOINTS_FORM);
    }
    var endpoints = new ArrayList<WitnessEndpoint>();
    var seen = new HashSet<String>();
    for (var entry : list) {
      entry
          .text()
          .ifPresent(text -> {
            try {
              var endpoint = WitnessEndpoint.parse(text);
              if (seen.add(endpoint.toString().toLowerCase(Locale.ROOT))) {
                endpoints.add(endpoint);
              } else {
                entry.refuse("'" + text + "' a second time", "each endpoint once");
              }
            } catch (IllegalArgumentException e) {
              entry.refuseWith(String.valueOf(e.getMessage()));
            }
          });
    }
    return endpoints;
  }

  private static Optional<WitnessTls> tls(YamlMap witness) {
    var section = witness.get("tls").flatMap(v -> v.map("{ ca: …, certificate: …, key: … }"));
    if (section.isEmpty()) {
      return Optional.empty();
    }
    var map = section.get();
    var ca = CarpoolYamlReader.pem(map, "ca");
    boolean certificateGiven = map.get("certificate").isPresent();
    boolean keyGiven = map.get("key").isPresent();
    Optional<WitnessTls.Own> own = Optional.empty();
    if (certificateGiven || keyGiven) { // the one that is missing is named
      var certificate = CarpoolYamlReader.pem(map, "certificate");
      var key = CarpoolYamlReader.pem(map, "key");
      own = certificate.flatMap(c -> key.map(k -> new WitnessTls.Own(c, k)));
    }
    map.rejectOthers();
    var present = own;
    return ca.map(file -> new WitnessTls(file, present));
  }

  private static Optional<Login> login(YamlMap map) {
    var user = map.get("user");
    var password = map.get("password");
    var file = map.get("password-file");
    if (password.isPresent() && file.isPresent()) {
      file.get().refuse("a second way to give the password", "one of password, password-file");
    }
    var given = password.or(() -> file);
    if (user.isPresent() && given.isEmpty()) {
      user.get().refuse("a user without a password", "with `password` or `password-file`");
    }
    if (user.isEmpty() && given.isPresent()) {
      map.required("user", USER_FORM);
    }
    var name = user.flatMap(YamlValue::text);
    var secret =
        password
            .flatMap(YamlValue::secret)
            .or(() -> file.flatMap(YamlValue::forThisNode).flatMap(ElectionReader::readSecret));
    return name.flatMap(n -> secret.map(s -> new Login(n, s)));
  }

  private static Optional<String> prefix(YamlValue at, String text) {
    return text.length() <= PREFIX_CHARS_MAX && PREFIX.matcher(text).matches()
        ? Optional.of(text)
        : at.refuse(PREFIX_FORM);
  }
}
