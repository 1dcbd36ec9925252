package carpool.replicator.device;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import java.nio.file.Path;
import java.time.Duration;

/// What all devices of a node share.
///
/// @param kind as configured
/// @param deviceDirectory where NAME appears
/// @param stateDirectory logs and proxy sockets; survives the replicator, not a reboot
/// @param hold how long a request is repeated while the replicator does not answer; then it fails
public record DeviceSettings(
    DeviceKind kind, Path deviceDirectory, Path stateDirectory, Duration hold) {}
