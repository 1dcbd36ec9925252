package carpool.kit.loop;

import carpool.kit.boot.FailStop;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A task of an executor that outlives its own failures. An executor ends a periodic task that
/// throws, and says nothing: the work is then never done again while the service looks well.
///
/// An exception is logged and the next run comes; an error (out of memory, a broken class) stops
/// the process, so that the supervisor starts a sound one.
public final class Guarded implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Guarded.class);

  private final String what;
  private final Runnable work;
  private final Consumer<Throwable> onError;

  Guarded(String what, Runnable work, Consumer<Throwable> onError) {
    this.what = what;
    this.work = work;
    this.onError = onError;
  }

  /// The task to hand to an executor.
  ///
  /// @param what the work is, for the log: "the report to the election"
  public static Runnable task(String what, Runnable work) {
    return new Guarded(what, work, error -> FailStop.now(what + " failed", error));
  }

  @Override
  public void run() {
    try {
      work.run();
    } catch (RuntimeException e) {
      LOG.error("{} failed and will be tried again", what, e);
    } catch (Error e) {
      onError.accept(e);
    }
  }
}
