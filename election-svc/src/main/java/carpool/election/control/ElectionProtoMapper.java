package carpool.election.control;

import carpool.common.v1.Build;
import carpool.common.v1.Process;
import carpool.election.core.Preempt;
import carpool.election.core.Role;
import carpool.election.v1.Counters;
import carpool.election.v1.Demotion;
import carpool.election.v1.Group;
import carpool.election.v1.HeardMaster;
import carpool.election.v1.State;
import carpool.election.v1.Transition;
import carpool.election.v1.WatchEvent;
import java.util.SortedMap;

/// Values of the service to messages of the contract. Nothing comes the other way but scalars.
final class ElectionProtoMapper {
  private ElectionProtoMapper() {}

  static Group group(GroupStatus status) {
    var state = status.state();
    var config = state.config();
    var out =
        Group.newBuilder()
            .setName(status.name())
            .setInterface(status.interfaceName())
            .setSyncGroup(status.syncGroup().orElse(""))
            .setVhid(config.vhid())
            .setAdvbase(config.advbase())
            .setAdvskew(config.advskew())
            .setEffectiveAdvskew(state.effectiveSkew())
            .setPreempt(config.preempt() != Preempt.NEVER)
            .setState(role(state.role()))
            .setReason(status.reason())
            .setSinceUnixMillis(status.sinceUnixMillis())
            .addAllAddresses(status.addresses())
            .setAddressesPresent(status.addressesPresent())
            .setEligible(state.demotions().eligible())
            .setCounters(counters(status.counters()))
            .setLine(state.line())
            .setMasterDownMillis(config.masterDownNanos() / 1_000_000)
            .setLinkUp(state.linkUp())
            .addAllWarnings(status.warnings());
    status.demotions().forEach(demotion -> out.addDemotions(demotion(demotion)));
    status
        .heard()
        .ifPresent(heard ->
            out.setHeard(
                HeardMaster.newBuilder()
                    .setSourceAddress(heard.source())
                    .setAdvbase(heard.advbase())
                    .setAdvskew(heard.advskew())
                    .setSilentMillis(heard.silentMillis())));
    status.transitions().forEach(change -> out.addTransitions(transition(change)));
    return out.build();
  }

  static WatchEvent event(Groups.Change change) {
    var out = WatchEvent.newBuilder().setNumber(change.number()).setGroup(group(change.status()));
    change.change().ifPresent(roleChange -> out.setTransition(transition(roleChange)));
    return out.build();
  }

  static Transition transition(GroupStatus.RoleChange change) {
    return Transition.newBuilder()
        .setNumber(change.number())
        .setUnixMillis(change.unixMillis())
        .setGroup(change.group())
        .setFrom(role(change.from()))
        .setTo(role(change.to()))
        .setReason(change.reason())
        .build();
  }

  static State role(Role role) {
    return switch (role) {
      case INIT -> State.STATE_INIT;
      case BACKUP -> State.STATE_BACKUP;
      case MASTER -> State.STATE_MASTER;
    };
  }

  static Process process(
      long startedUnixMillis, String node, String cluster, String version, String digest) {
    return Process.newBuilder()
        .setPid(ProcessHandle.current().pid())
        .setStartedUnixMillis(startedUnixMillis)
        .setNode(node)
        .setCluster(cluster)
        .setBuild(Build.newBuilder().setVersion(version))
        .setConfigDigest(digest)
        .build();
  }

  private static Demotion demotion(GroupStatus.DemotionStatus demotion) {
    return Demotion.newBuilder()
        .setCause(demotion.cause())
        .setAmount(demotion.amount())
        .setSinceUnixMillis(demotion.sinceUnixMillis())
        .setText(demotion.text())
        .setIneligible(demotion.ineligible())
        .build();
  }

  private static Counters counters(SortedMap<String, Long> counters) {
    return Counters.newBuilder()
        .setReceived(count(counters, "received"))
        .setSent(count(counters, "sent"))
        .setBadTtl(count(counters, "drop-bad-ttl"))
        .setBadLength(count(counters, "drop-too-short") + count(counters, "drop-bad-authlen"))
        .setBadVersion(
            count(counters, "drop-bad-version")
                + count(counters, "drop-vrrp")
                + count(counters, "drop-bad-type"))
        .setBadChecksum(count(counters, "drop-bad-checksum"))
        .setBadDigest(count(counters, "drop-bad-digest"))
        .setOtherVhid(count(counters, "drop-other-vhid"))
        .setOwnPackets(count(counters, "drop-looped"))
        .setReplayed(count(counters, "drop-replayed"))
        .setUnknownSource(
            count(counters, "drop-unknown-peer") + count(counters, "drop-other-destination"))
        .setSendErrors(count(counters, "send-errors"))
        .setSuspicious(
            counters.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("suspicion-"))
                .mapToLong(java.util.Map.Entry::getValue)
                .sum())
        .setHeldBack(count(counters, "suspicion-held-back"))
        .setPreemptions(count(counters, "preemptions"))
        .putAllByName(counters)
        .build();
  }

  private static long count(SortedMap<String, Long> counters, String name) {
    return counters.getOrDefault(name, 0L);
  }
}
