package carpool.election.core;

/// The three states of CARP. MASTER owns the virtual address; it says nothing about storage roles.
public enum Role {
  /// Interface down, or stopped: neither sends nor hears.
  INIT,
  /// Listens, silent.
  BACKUP,
  /// Advertises.
  MASTER
}
