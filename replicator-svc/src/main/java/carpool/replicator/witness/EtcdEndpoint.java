package carpool.replicator.witness;

import carpool.kit.config.WitnessEndpoint;
import carpool.kit.grpc.Channels;
import carpool.kit.grpc.ClientTls;
import carpool.replicator.witness.WitnessFailure.Reason;
import com.google.protobuf.TextFormat;
import io.etcd.jetcd.api.AlarmMember;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One member of the etcd: its channel, the token it gave, and calls to it within a deadline.
///
/// A channel that has failed is replaced: the next call makes a connection of its own rather than
/// wait for a back-off, or for one that hangs. Thread-safe.
final class EtcdEndpoint {
  /// SYN, no answer, one more SYN after a second.
  private static final int CONNECT_MILLIS = 3000;

  private final WitnessAccess access;
  private final WitnessEndpoint address;
  private final Optional<ClientTls> tls;

  // Guarded by this.
  private @Nullable ManagedChannel channel;
  private final Set<ManagedChannel> ending = new HashSet<>();
  private boolean closed;

  private volatile @Nullable String token;

  /// The expected cluster was found here, and no connection has failed since.
  private volatile boolean clusterSeen;

  EtcdEndpoint(WitnessAccess access, WitnessEndpoint address, Optional<ClientTls> tls) {
    this.access = access;
    this.address = address;
    this.tls = tls;
  }

  @FunctionalInterface
  private interface Rpc<A> {
    /// Sends the request and waits for the answer.
    A on(Channel channel, Deadline deadline);
  }

  /// A member's account of itself.
  ///
  /// @param wire of the call that brought it
  record Account(StatusResponse status, OnTheWire wire) {
    boolean hasLeader() {
      return status.getLeader() != 0;
    }

    /// `Status` tells them as text of AlarmMember messages, among other complaints.
    List<String> alarms() {
      var found = new ArrayList<String>();
      for (var error : status.getErrorsList()) {
        try {
          var alarm = AlarmMember.newBuilder();
          TextFormat.merge(error, alarm);
          found.add(alarm.getAlarm().name());
        } catch (TextFormat.ParseException e) {
          // Another complaint: that there is no leader, which is told apart.
        }
      }
      return found;
    }
  }

  /// Carries a transaction out, or reads by one.
  ///
  /// @param changes whether it writes anything
  /// @param share of the time; nothing takes longer
  TxnResponse txn(TxnRequest request, boolean changes, Deadline share) throws EtcdTrouble {
    if (changes && access.expectedCluster().isPresent() && !clusterSeen) {
      // The answer to the transaction would say it too late.
      var _ = account(share);
    }
    // The rest is for finding out why there was no answer.
    var deadline =
        share.offset(-share.timeRemaining(TimeUnit.NANOSECONDS) / 4, TimeUnit.NANOSECONDS);
    var wire = new OnTheWire[1];
    TxnResponse answer;
    try {
      answer =
          call(
              deadline,
              share,
              true,
              wire,
              (channel, until) -> KVGrpc.newBlockingStub(channel).withDeadline(until).txn(request));
    } catch (EtcdTrouble e) {
      throw changes ? e : new EtcdTrouble(e.reason(), e.text(), false);
    }
    requireCluster(answer.getHeader(), changes);
    return answer;
  }

  /// What the member knows by itself; neither token nor leader is needed.
  Account account(Deadline deadline) throws EtcdTrouble {
    var wire = new OnTheWire[1];
    StatusResponse status;
    try {
      status =
          call(
              deadline,
              deadline,
              false,
              wire,
              (channel, until) ->
                  MaintenanceGrpc.newBlockingStub(channel)
                      .withDeadline(until)
                      .status(StatusRequest.getDefaultInstance()));
    } catch (EtcdTrouble e) {
      throw new EtcdTrouble(e.reason(), e.text(), false);
    }
    requireCluster(status.getHeader(), false);
    return new Account(status, wire[0]);
  }

  TroubleWords words() {
    return new TroubleWords(access, address);
  }

  WitnessEndpoint address() {
    return address;
  }

  /// When this node's certificate expires; empty without one.
  Optional<java.time.Instant> clientExpires() {
    return tls.flatMap(ClientTls::expires);
  }

  /// For tests: the token that the next call sends.
  @Nullable String token() {
    return token;
  }

  /// Ends all calls; later ones fail.
  synchronized void close() {
    closed = true;
    if (channel != null) {
      ending.add(channel);
    }
    channel = null;
    ending.forEach(ManagedChannel::shutdownNow);
  }

  /// Whether nothing is left of the connections; only once closed.
  synchronized boolean ended() {
    return closed && ending.stream().allMatch(ManagedChannel::isTerminated);
  }

  /// @param deadline of the request itself
  /// @param share up to which the reason for a failure may be looked for
  private <A> A call(
      Deadline deadline, Deadline share, boolean forKeys, OnTheWire[] used, Rpc<A> rpc)
      throws EtcdTrouble {
    for (int attempt = 1; ; attempt++) {
      if (forKeys) {
        authenticate(deadline);
      }
      var through = open();
      var wire = new OnTheWire(forKeys ? token : null, forKeys);
      used[0] = wire;
      try {
        return rpc.on(ClientInterceptors.intercept(through, wire), deadline);
      } catch (StatusRuntimeException e) {
        var error = EtcdError.of(e.getStatus());
        if (forKeys && error.aboutToken() && access.login().isPresent() && attempt == 1) {
          token = null; // refused before anything was done
          continue;
        }
        if (!wire.sent() && through.isShutdown() && !isClosed() && attempt == 1) {
          continue; // another thread has just replaced the channel
        }
        throw trouble(
            e.getStatus(), error, wire, through, forKeys ? Optional.of(share) : Optional.empty());
      }
    }
  }

  private void authenticate(Deadline deadline) throws EtcdTrouble {
    if (access.login().isEmpty() || token != null) {
      return;
    }
    var login = access.login().get();
    var request =
        AuthenticateRequest.newBuilder()
            .setName(login.user())
            .setPassword(login.password().reveal())
            .build();
    var through = open();
    var wire = new OnTheWire(null, true);
    try {
      token =
          AuthGrpc.newBlockingStub(ClientInterceptors.intercept(through, wire))
              .withDeadline(deadline)
              .authenticate(request)
              .getToken();
    } catch (StatusRuntimeException e) {
      var error = EtcdError.of(e.getStatus());
      if (error == EtcdError.AUTHENTICATION_OFF) {
        // Everybody may do everything there: as etcd's own clients, this one goes on without a
        // token.
        return;
      }
      var trouble = trouble(e.getStatus(), error, wire, through, Optional.empty());
      throw new EtcdTrouble(trouble.reason(), trouble.text(), false);
    }
  }

  /// @param diagnosis until when the member may be asked why it did not answer; empty: not at all
  private EtcdTrouble trouble(
      Status status,
      EtcdError error,
      OnTheWire wire,
      ManagedChannel through,
      Optional<Deadline> diagnosis) {
    if (isClosed()) {
      return new EtcdTrouble(
          Reason.UNREACHABLE, "this node has closed its client of the witness", wire.sent());
    }
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED && wire.sent() && diagnosis.isPresent()) {
      try {
        return words().notCarriedOut(account(diagnosis.get()).hasLeader());
      } catch (EtcdTrouble e) {
        // It does not even speak of itself: the deadline says it.
      }
    }
    var trouble = words().of(status, error, wire.sent());
    if (trouble.reason() == Reason.UNREACHABLE || trouble.reason() == Reason.TLS) {
      replace(through);
    }
    return trouble;
  }

  private void requireCluster(ResponseHeader header, boolean changed) throws EtcdTrouble {
    var expected = access.expectedCluster();
    if (expected.isPresent() && expected.getAsLong() != header.getClusterId()) {
      clusterSeen = false;
      throw words().foreign(header.getClusterId(), changed);
    }
    clusterSeen = true;
  }

  private synchronized ManagedChannel open() throws EtcdTrouble {
    if (closed) {
      throw new EtcdTrouble(
          Reason.UNREACHABLE, "this node has closed its client of the witness", false);
    }
    if (channel == null) {
      channel =
          Channels.foreign(address.address(), tls, EtcdClient.ANSWER_BYTES_MAX, CONNECT_MILLIS);
    }
    return channel;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /// Calls of others that are under way on it go on until their own deadline.
  private synchronized void replace(ManagedChannel failed) {
    clusterSeen = false;
    ending.removeIf(ManagedChannel::isTerminated);
    failed.shutdown();
    ending.add(failed);
    if (failed.equals(channel)) {
      channel = null;
    }
  }
}
