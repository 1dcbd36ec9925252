package carpool.kit.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The `witness:` section: an etcd that decides who may serve while the nodes do not reach each
/// other (docs/configuration.md).
///
/// @param endpoints of one etcd cluster, 1 to [#ENDPOINTS_MAX], each once
/// @param tls how its certificate is checked, and this node's own; there as soon as an endpoint is
///   `https`
/// @param login a user of etcd's own
/// @param keyPrefix of all records, without a slash at its end
/// @param onLoss what a primary does when neither its peer nor the witness answers
public record WitnessSettings(
    List<WitnessEndpoint> endpoints,
    Optional<WitnessTls> tls,
    Optional<Login> login,
    String keyPrefix,
    OnLoss onLoss) {
  /// A cluster of etcd has seldom more than five members, and each one shortens the others' share
  /// of a deadline.
  public static final int ENDPOINTS_MAX = 8;

  public WitnessSettings {
    endpoints = List.copyOf(endpoints);
  }

  /// Where a pair's records are unless `key-prefix` says something else.
  ///
  /// @param cluster the pair's name
  public static String defaultKeyPrefix(String cluster) {
    return "/carpool/" + cluster;
  }

  /// PEM files, readable.
  ///
  /// @param ca who has signed etcd's certificate
  /// @param own this node's certificate; empty when etcd asks for none
  public record WitnessTls(Path ca, Optional<Own> own) {
    /// What this node shows.
    public record Own(Path certificate, Path key) {}
  }

  /// Name and password of a user.
  public record Login(String user, Secret password) {}

  /// What becomes of the requests of clients when neither the peer nor the witness answers.
  public enum OnLoss {
    /// They wait.
    SUSPEND,
    /// They get errors.
    IO_ERROR,
    /// They are served as without a witness.
    CONTINUE
  }
}
