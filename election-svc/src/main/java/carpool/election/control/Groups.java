package carpool.election.control;

import java.util.List;
import java.util.function.Consumer;

/// What the gRPC service needs from the rest: implemented by the shell. Calls wait for the groups'
/// loops and are answered with the state after the change.
public interface Groups {

  /// The names of all groups, in the order of the configuration.
  List<String> names();

  /// The present state of these groups.
  List<GroupStatus> status(List<String> groups);

  /// Adds or changes a cause.
  ///
  /// @param amount 0..255
  /// @param ineligible also rule out MASTER
  void demote(List<String> groups, String cause, int amount, boolean ineligible, String text);

  /// Takes a cause back.
  void undemote(List<String> groups, String cause);

  /// Gives the role away.
  ///
  /// @param holdMillis not to preempt for so long; 0: one master-down interval
  void resign(List<String> groups, long holdMillis, String cause);

  /// The orchestrator lives.
  ///
  /// @param readyGroups those whose services are up
  void report(long nextWithinMillis, List<String> readyGroups);

  /// From now on, each change of role of these groups, in order. The first calls come before this
  /// returns: one per group with its present state and no change.
  ///
  /// @param listener called on the groups' loops, one at a time; must not block
  /// @return ends it
  Runnable watch(List<String> groups, Consumer<Change> listener);

  /// A change of role, or the state at the beginning of a watch (number of the last change, none).
  record Change(
      long number, java.util.Optional<GroupStatus.RoleChange> change, GroupStatus status) {}
}
