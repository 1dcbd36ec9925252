package carpool.kit.boot;

import java.util.Optional;

/// The operating system and processor, in Java's words: `Linux`, `amd64`.
public record HostSystem(String name, String arch) {

  public static HostSystem current() {
    return new HostSystem(
        System.getProperty("os.name", "unknown"), System.getProperty("os.arch", "unknown"));
  }

  /// Why carpool-election does not run here; empty where it does. Its socket constants are those of
  /// Linux on these two processors.
  public Optional<String> electionRefusal() {
    boolean supported = name.equals("Linux") && (arch.equals("amd64") || arch.equals("aarch64"));
    return supported
        ? Optional.empty()
        : Optional.of(
            "carpool-election needs Linux on x86-64 or aarch64, this is %s; on a BSD use the kernel's own carp(4)"
                .formatted(this));
  }

  @Override
  public String toString() {
    return name + " on " + arch;
  }
}
