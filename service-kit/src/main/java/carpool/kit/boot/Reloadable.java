package carpool.kit.boot;

/// A part of a service that can take over a changed configuration while it runs. Bound into
/// `Multibinder<Reloadable>`; called on SIGHUP, on a thread of its own.
@FunctionalInterface
public interface Reloadable {
  /// Reads the configuration again and applies what it can; logs what it did, and keeps everything
  /// as it was when the new files are wrong.
  void reload();
}
