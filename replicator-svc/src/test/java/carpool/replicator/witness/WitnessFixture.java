package carpool.replicator.witness;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.WitnessEndpoint;
import carpool.kit.config.WitnessSettings;
import carpool.replicator.witness.ChangeAnswer.Change;
import carpool.replicator.witness.ReadAnswer.Records;
import carpool.replicator.witness.ReadAnswer.Versioned;
import carpool.replicator.witness.WitnessFailure.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.assertj.core.api.Assertions;

/// Records and answers that several tests need.
final class WitnessFixture {
  static final String CLUSTER = "storage";

  /// For calls that have to succeed, on a busy machine.
  static final Duration LONG = Duration.ofSeconds(30);

  /// For calls that have to fail by their deadline.
  static final Duration SHORT = Duration.ofSeconds(2);

  /// Far more than any of these calls may take beyond its deadline.
  static final Duration SLACK = Duration.ofSeconds(15);

  private static final AtomicLong GENERATIONS = new AtomicLong(1);

  private WitnessFixture() {}

  static WitnessAccess access(WitnessEndpoint... endpoints) {
    return new WitnessAccess(
        List.of(endpoints), Optional.empty(), Optional.empty(), OptionalLong.empty());
  }

  static Witness open(WitnessAccess access) throws Exception {
    return Witness.open(CLUSTER, WitnessSettings.defaultKeyPrefix(CLUSTER), access);
  }

  static ResourceRecord only(String resource, String node) {
    return record(resource, new Holder.Only(node, GENERATIONS.getAndIncrement()), node);
  }

  static ResourceRecord both(String resource, String writer) {
    return record(resource, new Holder.Both(GENERATIONS.getAndIncrement()), writer);
  }

  private static ResourceRecord record(String resource, Holder holder, String writer) {
    return new ResourceRecord(
        CLUSTER,
        "zhast",
        resource,
        "5d1f0c0e9b6a47d2a3f1c2b7e8d90a41",
        holder,
        writer,
        Instant.parse("2026-12-01T08:00:00Z"));
  }

  static Change change(long expectedRevision, ResourceRecord record) {
    return new Change(expectedRevision, record);
  }

  static long won(ChangeAnswer answer) {
    assertThat(answer).isInstanceOf(ChangeAnswer.Won.class);
    return ((ChangeAnswer.Won) answer).revision();
  }

  static Records records(ReadAnswer answer) {
    assertThat(answer).isInstanceOf(Records.class);
    return (Records) answer;
  }

  static Versioned record(Witness witness, String resource) {
    var found = records(witness.read(List.of(resource), LONG)).byResource().get(resource);
    return Optional.ofNullable(found).orElseThrow();
  }

  /// The failure, with this reason and a sentence with these parts.
  static WitnessFailure failed(Object answer, Reason reason, String... parts) {
    assertThat(answer).isInstanceOf(WitnessFailure.class);
    var failure = (WitnessFailure) answer;
    assertThat(failure.reason()).as(failure.text()).isEqualTo(reason);
    for (var part : parts) {
      assertThat(failure.text()).contains(part);
    }
    return failure;
  }

  /// The answer, which must come within the deadline and some slack.
  static <A> A within(Duration deadline, Supplier<A> call) {
    long begin = System.nanoTime();
    var answer = call.get();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(deadline.plus(SLACK));
    return answer;
  }

  /// Reads until there is an answer, as a node does whose witness comes back.
  static Versioned awaitRecord(Witness witness, String resource) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    ReadAnswer last = witness.read(List.of(resource), LONG);
    while (!(last instanceof Records)) {
      if (System.nanoTime() > end) {
        Assertions.fail("the witness does not come back: " + last);
      }
      last = witness.read(List.of(resource), LONG);
    }
    return Optional.ofNullable(((Records) last).byResource().get(resource)).orElseThrow();
  }
}
