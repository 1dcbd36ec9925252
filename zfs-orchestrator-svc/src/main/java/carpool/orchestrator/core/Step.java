package carpool.orchestrator.core;

/// One thing the shell does for the workflow. Every step can be repeated without harm, because a
/// step whose end was not seen is done again.
public sealed interface Step {

  /// Reads what is true: is the pool imported or mounted here, and how is it.
  record Inspect() implements Step {}

  /// All resources of the pool primary, or none.
  ///
  /// @param peerWord only if the peer itself has answered
  record Promote(boolean force, boolean peerWord, String cause) implements Step {}

  /// The configured command makes sure that an unreachable peer writes no more. Its exit status is
  /// the answer; no answer in time is no.
  record Fence() implements Step {}

  /// `zpool import`, by force when that is needed; or file system check and mount. Asked for only
  /// while all resources are primary.
  record Import() implements Step {}

  record StartService(int index) implements Step {}

  record CheckService(int index) implements Step {}

  record StopService(int index) implements Step {}

  /// `zpool export` or umount.
  record Export(boolean force) implements Step {}

  /// The devices end at once; nothing is written any more.
  record CutOff(String cause) implements Step {}

  /// After the cut: takes dead mounts away where that is possible.
  record Detach() implements Step {}

  /// `zpool clear`: a suspended pool repeats the I/O that failed. Asked for only while all devices
  /// are here and primary.
  record Clear() implements Step {}

  /// The configured command for a pool that still hangs on devices that were cut off: restarts the
  /// ZFS daemon, or the node.
  record LastResort() implements Step {}

  /// All resources secondary. Fails while a program has one of the devices open, because a pool may
  /// just be made on them.
  ///
  /// @param cutOff the devices have ended already: whoever has them open does not matter
  record Demote(String cause, boolean cutOff) implements Step {}

  /// Word for timeline and status.
  default String label(PoolSpec pool) {
    var zfs = pool.kind() == PoolSpec.Kind.ZFS;
    return switch (this) {
      case Inspect _ -> "inspect";
      case Promote _ -> "promote";
      case Fence _ -> "fence";
      case Import _ -> zfs ? "import" : "mount";
      case StartService(var index) -> "start " + pool.services().get(index).name();
      case CheckService(var index) -> "check " + pool.services().get(index).name();
      case StopService(var index) -> "stop " + pool.services().get(index).name();
      case Export(var force) -> (zfs ? "export" : "unmount") + (force ? " (forced)" : "");
      case CutOff _ -> "cut off";
      case Detach _ -> "detach";
      case Clear _ -> "clear";
      case LastResort _ -> "last resort";
      case Demote _ -> "demote";
    };
  }

  /// True when the step may be broken off because it is no longer wanted: afterwards the truth is
  /// read again. An import is not among them: ZFS may finish it although the command was killed.
  default boolean abortable() {
    return switch (this) {
      case Inspect _, Promote _, StartService _, CheckService _, Clear _ -> true;
      case Fence _, Import _, StopService _, Export _, CutOff _, Detach _, LastResort _, Demote _ ->
          false;
    };
  }
}
