package carpool.replicator.witness;

import static carpool.replicator.witness.WitnessFixture.CLUSTER;
import static carpool.replicator.witness.WitnessFixture.LONG;
import static carpool.replicator.witness.WitnessFixture.awaitRecord;
import static carpool.replicator.witness.WitnessFixture.both;
import static carpool.replicator.witness.WitnessFixture.change;
import static carpool.replicator.witness.WitnessFixture.failed;
import static carpool.replicator.witness.WitnessFixture.only;
import static carpool.replicator.witness.WitnessFixture.open;
import static carpool.replicator.witness.WitnessFixture.record;
import static carpool.replicator.witness.WitnessFixture.records;
import static carpool.replicator.witness.WitnessFixture.won;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.Secret;
import carpool.kit.config.WitnessSettings;
import carpool.kit.grpc.Channels;
import carpool.replicator.witness.WitnessAccess.Login;
import carpool.replicator.witness.WitnessFailure.Reason;
import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.Permission;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real etcd that wants user and password.
@Tag("peer")
@Timeout(180)
class EtcdLoginTest {
  private static final String PASSWORD = "correct horse";

  @TempDir private Path directory;

  private EtcdServer start(String... more) throws Exception {
    var options = new java.util.ArrayList<>(List.of("--bcrypt-cost=4"));
    options.addAll(List.of(more));
    return EtcdServer.start(directory, options.toArray(new String[0]));
  }

  private static WitnessAccess as(EtcdServer etcd, String user, String password) {
    return new WitnessAccess(
        List.of(etcd.endpoint()),
        Optional.of(new Login(user, new Secret(password))),
        Optional.empty(),
        OptionalLong.empty());
  }

  /// `carpool` may use the records, `guest` nothing; from now on everybody needs to be somebody.
  private static void enableUsers(EtcdServer etcd) {
    var channel = Channels.foreign(etcd.endpoint().address(), Optional.empty(), 1 << 20, 10_000);
    try {
      var auth = AuthGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
      for (var user : List.of("root", "carpool", "guest")) {
        var _ =
            auth.userAdd(
                AuthUserAddRequest.newBuilder().setName(user).setPassword(PASSWORD).build());
      }
      for (var role : List.of("root", "carpool")) {
        var _ = auth.roleAdd(AuthRoleAddRequest.newBuilder().setName(role).build());
        var _ =
            auth.userGrantRole(
                AuthUserGrantRoleRequest.newBuilder().setUser(role).setRole(role).build());
      }
      var prefix = WitnessSettings.defaultKeyPrefix(CLUSTER);
      var _ =
          auth.roleGrantPermission(
              AuthRoleGrantPermissionRequest.newBuilder()
                  .setName("carpool")
                  .setPerm(
                      Permission.newBuilder()
                          .setPermType(Permission.Type.READWRITE)
                          .setKey(ByteString.copyFromUtf8(prefix + "/"))
                          .setRangeEnd(ByteString.copyFromUtf8(prefix + "0")))
                  .build());
      var _ = auth.authEnable(AuthEnableRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  private static String token(Witness witness) {
    return Objects.requireNonNull(witness.etcd().endpoints().getFirst().token());
  }

  @Test
  void whoMayUseTheRecordsIsToldFromWhoMayNot() throws Exception {
    try (var etcd = start();
        var early = open(as(etcd, "carpool", PASSWORD))) {
      records(early.read(List.of("disk1"), LONG)); // as long as etcd asks nobody who they are
      enableUsers(etcd);
      var _ = won(early.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG));

      try (var nobody = open(WitnessFixture.access(etcd.endpoint()))) {
        var failure =
            failed(
                nobody.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG),
                Reason.UNAUTHENTICATED,
                "wants a user, and none is configured");
        assertThat(failure.perhapsDone()).isFalse();
        assertThat(nobody.probe(LONG)).as("needs no user").isInstanceOf(ProbeAnswer.Probe.class);
      }
      try (var wrong = open(as(etcd, "carpool", "wrong secret"))) {
        var failure =
            failed(
                wrong.read(List.of("disk1"), LONG),
                Reason.UNAUTHENTICATED,
                "does not accept the password, or has no user `carpool`");
        assertThat(failure.text()).doesNotContain("wrong secret");
      }
      try (var guest = open(as(etcd, "guest", PASSWORD))) {
        var failure =
            failed(
                guest.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG),
                Reason.PERMISSION_DENIED,
                "lets the user `guest` not read and write",
                "etcdctl role grant-permission");
        assertThat(failure.perhapsDone()).isFalse();
        assertThat(failure.text()).doesNotContain(PASSWORD);
      }
      assertThat(as(etcd, "carpool", PASSWORD).toString()).doesNotContain(PASSWORD);
    }
  }

  @Test
  void aRestartOfTheEtcdNeedsNobodysHelp() throws Exception {
    try (var etcd = start()) {
      enableUsers(etcd);
      try (var witness = open(as(etcd, "carpool", PASSWORD))) {
        long revision =
            won(witness.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG));
        etcd.kill();
        etcd.start();
        etcd.awaitReady();

        var found = awaitRecord(witness, "disk1");

        assertThat(found.modRevision()).isEqualTo(revision);
      }
    }
  }

  @Test
  void aSimpleTokenThatHasExpiredIsRenewed() throws Exception {
    try (var etcd = start("--auth-token-ttl=1")) {
      enableUsers(etcd);
      try (var witness = open(as(etcd, "carpool", PASSWORD))) {
        long revision =
            won(witness.compareAndSet(Map.of("disk1", change(0, both("disk1", "hast1"))), LONG));
        var before = token(witness);
        etcd.await("deleted a simple token");

        var _ =
            won(
                witness.compareAndSet(
                    Map.of("disk1", change(revision, only("disk1", "hast1"))), LONG));

        assertThat(token(witness)).isNotEqualTo(before);
      }
    }
  }

  /// One that is signed runs out however often it is used.
  @Test
  void aSignedTokenThatHasExpiredIsRenewedBetweenTwoCalls() throws Exception {
    var key = Files.writeString(directory.resolve("token.key"), "a key that only this test knows");
    try (var etcd = start("--auth-token=jwt,priv-key=" + key + ",sign-method=HS256,ttl=1s")) {
      enableUsers(etcd);
      try (var witness = open(as(etcd, "carpool", PASSWORD))) {
        var _ = record(witness, "disk1");
        var first = token(witness);
        while (token(witness).equals(first)) {
          var _ = record(witness, "disk1");
        }
      }
    }
  }
}
