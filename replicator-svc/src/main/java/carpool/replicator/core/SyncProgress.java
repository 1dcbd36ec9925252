package carpool.replicator.core;

/// Where a synchronisation or verification is.
///
/// @param verifying a verification is under way (or waits for the copies to be in step)
/// @param repairing blocks are copied again while in step
/// @param paused an operator paused it
/// @param totalBytes to handle at the start of the run
/// @param leftBytes still to be handled
/// @param wireBytes data that went over the link in this run
/// @param foundBytes blocks that the last verification found to differ, in bytes
/// @param limitBytesPerSecond limit in force; 0 is none
public record SyncProgress(
    boolean verifying,
    boolean repairing,
    boolean paused,
    long totalBytes,
    long leftBytes,
    long wireBytes,
    long foundBytes,
    long limitBytesPerSecond) {}
