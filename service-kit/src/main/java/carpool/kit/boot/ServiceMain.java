package carpool.kit.boot;

import carpool.kit.config.CarpoolConfig.LogFormat;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.HealthBoard;
import carpool.kit.loop.Guarded;
import com.google.inject.CreationException;
import com.google.inject.Guice;
import com.google.inject.Injector;
import com.google.inject.Key;
import com.google.inject.Module;
import com.google.inject.Stage;
import com.google.inject.TypeLiteral;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The main program of every service: options, configuration, logging, injector, start, readiness,
/// wait for a signal, stop. Exit codes as in [ExitCode].
public final class ServiceMain {
  /// Longest orderly stop, unless a part needs more by its configuration; then the process ends
  /// with exit code 1 whatever is left.
  private static final Duration STOP_DEADLINE = Duration.ofSeconds(30);

  private static final Duration STOP_EXTENSION = Duration.ofSeconds(15);

  private static final Logger LOG = LoggerFactory.getLogger(ServiceMain.class);

  private ServiceMain() {}

  /// Runs the service and ends the JVM.
  ///
  /// @param serviceName `replicator`, `election` or `orchestrator`
  /// @param module the service's own bindings, made when the configuration is known to be good
  public static void run(String serviceName, String[] args, Function<LoadedConfig, Module> module) {
    var stop = new CountDownLatch(1);
    var signals = new AtomicInteger();
    Runnable onSignal =
        () -> {
          if (signals.incrementAndGet() > 1) {
            Runtime.getRuntime().halt(ExitCode.FAILURE);
          }
          stop.countDown();
        };
    Signals.on("TERM", onSignal);
    Signals.on("INT", onSignal);
    var code = execute(serviceName, args, module, stop, System.out, System.err);
    // Not System.exit: library threads may block, and everything that must be closed is closed.
    System.out.flush();
    Runtime.getRuntime().halt(code);
  }

  /// As [#run], without signals and without ending the JVM: runs until `stop` is counted down.
  static int execute(
      String serviceName,
      String[] args,
      Function<LoadedConfig, Module> module,
      CountDownLatch stop,
      PrintStream out,
      PrintStream err) {
    var program = "carpool-" + serviceName;
    ServiceOptions options;
    LoadedConfig loaded;
    try {
      options = ServiceOptions.parse(args);
      if (options.help()) {
        out.print(ServiceOptions.usage(program));
        return ExitCode.OK;
      }
      if (options.version()) {
        out.println(program + " " + Version.current());
        return ExitCode.OK;
      }
      loaded = ConfigLoader.load(options.config(), options.node());
    } catch (ServiceOptions.UsageException e) {
      err.println(program + ": " + e.getMessage());
      return ExitCode.USAGE;
    } catch (ConfigException e) {
      e.problems().forEach(err::println);
      err.println(
          program + ": not started, " + e.problems().size() + " problem(s) in the configuration");
      return ExitCode.USAGE;
    }
    var log = loaded.config().log();
    LogFormat format = options.logFormat().orElse(log.format());
    Logs.configure(format, log.level(), serviceName, loaded.node().value());
    return live(new ServiceName(serviceName), loaded, module, stop);
  }

  private static int live(
      ServiceName service,
      LoadedConfig loaded,
      Function<LoadedConfig, Module> module,
      CountDownLatch stop) {
    var supervisor = SystemdNotify.fromEnvironment();
    ServiceLife life;
    HealthBoard health;
    Set<Reloadable> reloadables;
    try {
      Injector injector =
          Guice.createInjector(
              Stage.PRODUCTION, new KitModule(service, loaded), module.apply(loaded));
      life = injector.getInstance(ServiceLife.class);
      health = injector.getInstance(HealthBoard.class);
      reloadables = injector.getInstance(Key.get(new TypeLiteral<Set<Reloadable>>() {}));
      life.start(STOP_DEADLINE);
    } catch (CreationException e) {
      LOG.error("the service is wired wrongly: {}", e.getMessage());
      return ExitCode.FAILURE;
    } catch (Exception e) {
      LOG.error("not started: {}", e.getMessage() == null ? e.toString() : e.getMessage(), e);
      return ExitCode.FAILURE;
    }
    Signals.on("HUP", () -> reload(reloadables));
    health.serving("");
    LOG.info(
        "ready: carpool-{} {} node={} cluster={} config={}",
        service,
        Version.current(),
        loaded.node(),
        loaded.config().cluster(),
        loaded.digest().substring(0, 12));
    supervisor.send("READY=1");
    var watchdog =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("watchdog").daemon(true).factory());
    SystemdNotify.watchdogInterval()
        .ifPresent(every -> {
          var _ =
              watchdog.scheduleAtFixedRate(
                  Guarded.task(
                      "the sign of life for the supervisor",
                      () -> {
                        if (health.isAlive()) {
                          supervisor.send("WATCHDOG=1");
                        }
                      }),
                  0,
                  every.toNanos(),
                  TimeUnit.NANOSECONDS);
        });
    try {
      stop.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LOG.info("stopping");
    supervisor.send("STOPPING=1");
    health.allNotServing();
    var deadline = life.stopTime().compareTo(STOP_DEADLINE) > 0 ? life.stopTime() : STOP_DEADLINE;
    haltAfter(deadline.plusSeconds(5));
    // The supervisor's own limit would end it half way; each message asks for some seconds more.
    var _ =
        watchdog.scheduleAtFixedRate(
            () -> supervisor.send("EXTEND_TIMEOUT_USEC=" + STOP_EXTENSION.toNanos() / 1000),
            0,
            STOP_EXTENSION.toMillis() / 3,
            TimeUnit.MILLISECONDS);
    var failures = life.stop(deadline);
    watchdog.shutdownNow();
    LOG.info("stopped");
    return failures.isEmpty() ? ExitCode.OK : ExitCode.FAILURE;
  }

  private static void reload(Set<Reloadable> reloadables) {
    if (reloadables.isEmpty()) {
      LOG.info("SIGHUP: nothing to reload; a changed configuration needs a restart");
    }
    // Another signal waits for the thread of this one otherwise.
    Thread.ofPlatform()
        .name("reload")
        .daemon(true)
        .start(() -> reloadables.forEach(Reloadable::reload));
  }

  private static void haltAfter(Duration deadline) {
    Thread.ofPlatform()
        .name("stop-deadline")
        .daemon(true)
        .start(() -> {
          try {
            Thread.sleep(deadline);
          } catch (InterruptedException e) {
            return;
          }
          LOG.error("did not stop within {} s; halting", deadline.toSeconds());
          Runtime.getRuntime().halt(ExitCode.FAILURE);
        });
  }
}
