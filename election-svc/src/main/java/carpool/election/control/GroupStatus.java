package carpool.election.control;

import carpool.election.core.CarpState;
import carpool.election.core.Role;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/// Everything there is to say about one group at one moment.
///
/// @param syncGroup what it moves with
/// @param state of the machine
/// @param reason of the last change of role, in words; empty before the first
/// @param sinceUnixMillis of the last change of role
/// @param addresses `ADDRESS/PREFIX`
/// @param addressesPresent all of them are on the interface now
/// @param demotions what stands against this node, with when and why
/// @param heard the master heard last
/// @param counters by name, as in metrics
/// @param warnings sentences for people
/// @param transitions newest last
public record GroupStatus(
    String name,
    String interfaceName,
    Optional<String> syncGroup,
    CarpState state,
    String reason,
    long sinceUnixMillis,
    List<String> addresses,
    boolean addressesPresent,
    List<DemotionStatus> demotions,
    Optional<HeardMaster> heard,
    SortedMap<String, Long> counters,
    List<String> warnings,
    List<RoleChange> transitions) {

  /// One cause.
  public record DemotionStatus(
      String cause, int amount, boolean ineligible, long sinceUnixMillis, String text) {}

  /// Who advertised last, and how long ago.
  public record HeardMaster(String source, int advbase, int advskew, long silentMillis) {}

  /// One change of role.
  ///
  /// @param number counted over all groups of this process, without gaps, from 1
  public record RoleChange(
      long number, long unixMillis, String group, Role from, Role to, String reason) {}
}
