package carpool.kit.boot;

import java.lang.reflect.Proxy;

/// POSIX signals, through the JDK's `sun.misc.Signal` (module jdk.unsupported). Reached by
/// reflection because the compiler's warning about it cannot be suppressed.
final class Signals {

  private Signals() {}

  /// Runs `action` on a thread of the JVM whenever `signal` (without `SIG`) arrives, instead of
  /// what the JVM would do.
  static void on(String signal, Runnable action) {
    try {
      var signalClass = Class.forName("sun.misc.Signal");
      var handlerClass = Class.forName("sun.misc.SignalHandler");
      var handler =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handlerClass},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      action.run();
                      yield null;
                    }
                    case "hashCode" -> signal.hashCode();
                    case "equals" -> false;
                    default -> "handler of SIG" + signal;
                  });
      signalClass
          .getMethod("handle", signalClass, handlerClass)
          .invoke(null, signalClass.getConstructor(String.class).newInstance(signal), handler);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "this Java has no signals (module jdk.unsupported is missing)", e);
    }
  }
}
