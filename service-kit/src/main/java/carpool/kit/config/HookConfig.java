package carpool.kit.config;

import java.time.Duration;
import java.util.List;

/// One entry of `hooks:`: `run` is executed, without a shell, for each event named in `on`.
///
/// @param on event names as in [HookEvents]
/// @param run argv; the first element is an absolute path or found in PATH
public record HookConfig(List<String> on, List<String> run, Duration timeout) {}
