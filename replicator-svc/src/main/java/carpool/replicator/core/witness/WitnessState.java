package carpool.replicator.core.witness;

import org.jspecify.annotations.Nullable;

/// The witness rule of one pool on one node at one moment. Immutable; made by [WitnessMachine]
/// only. Nothing of it outlives the process but `incarnation` and what the copy says about itself.
///
/// @param incarnation the witness that both nodes trust; 0 while none is agreed
/// @param copyUsable this copy may be promoted: neither outdated nor half synchronised
/// @param session the session that this node believes in
/// @param leaseUntilNanos as primary in a session: answers until then; expired is in the past
/// @param promisedUntilNanos not promoted before then without the peer's word
/// @param awakeUntilNanos not stepped by then: this process stood still
/// @param peerOutdated the peer has said that its copy is durably outdated, and no sync was
///   committed since
/// @param continued serves as without a witness ([OnLoss#CONTINUE], or force)
/// @param won what this process wrote last; null once it sent anything else
/// @param claim generation of the claim sent last; 0 when a reset was sent or a session opened
///   since
/// @param question to the peer, not answered
/// @param call to the witness, not answered
/// @param hold as primary: clients wait
/// @param retryAtNanos no call or question is begun before
public record WitnessState(
    WitnessConfig config,
    long incarnation,
    Standing standing,
    boolean copyUsable,
    @Nullable PeerSession session,
    long leaseUntilNanos,
    long promisedUntilNanos,
    long awakeUntilNanos,
    boolean peerOutdated,
    boolean continued,
    @Nullable WonRecord won,
    long claim,
    @Nullable PeerQuestion question,
    @Nullable WitnessCall call,
    @Nullable Hold hold,
    long retryAtNanos) {

  /// The state of a process that starts. It does not know what its predecessor promised, and so
  /// keeps a promise that was made at the last moment.
  public static WitnessState initial(
      WitnessConfig config, long incarnation, boolean copyUsable, long nowNanos) {
    return new WitnessState(
        config,
        incarnation,
        Standing.SECONDARY,
        copyUsable,
        null,
        nowNanos,
        nowNanos + config.deadAfterNanos() + config.marginNanos(),
        nowNanos + config.awakeNanos(),
        false,
        false,
        null,
        0,
        null,
        null,
        null,
        nowNanos);
  }

  /// The same with a promise that ends no earlier than then.
  public WitnessState promising(long untilNanos) {
    return new WitnessState(
        config,
        incarnation,
        standing,
        copyUsable,
        session,
        leaseUntilNanos,
        later(promisedUntilNanos, untilNanos),
        awakeUntilNanos,
        peerOutdated,
        continued,
        won,
        claim,
        question,
        call,
        hold,
        retryAtNanos);
  }

  /// What may become of a request of a client now. Asked for each answer, with the clock read at
  /// that moment: a process that stood still holds before it has handled any event.
  public Permission permission(long nowNanos) {
    if (standing != Standing.PRIMARY) {
      return Permission.HOLD;
    }
    boolean awake = nowNanos - awakeUntilNanos < 0;
    if ((alone() && awake) || (session != null && leased(nowNanos))) {
      return Permission.ANSWER;
    }
    return config.onLoss() == OnLoss.IO_ERROR && hold != null && hold.unheard() && awake
        ? Permission.FAIL
        : Permission.HOLD;
  }

  /// The peer cannot be promoted, whatever becomes of the session; or nobody cares
  /// ([OnLoss#CONTINUE]).
  public boolean alone() {
    return peerOutdated || continued || (won != null && won.record().names(config.node()));
  }

  /// When [WitnessEvent.TimePassed] has something to do. After that event it is in the future.
  public long wakeNanos() {
    long wake = awakeUntilNanos;
    if (call != null) {
      wake = earlier(wake, call.deadlineNanos());
    }
    if (question != null) {
      wake = earlier(wake, question.askedNanos() + config.callNanos());
    }
    if (hold != null && !hold.gaveAway()) {
      wake = earlier(wake, hold.sinceNanos() + config.giveAwayNanos());
    }
    return switch (standing) {
      case SECONDARY, STOPPED -> wake;
      case CANDIDATE, FORCED_CANDIDATE -> unlessOver(wake, promisedUntilNanos);
      case PRIMARY -> {
        if (session != null) {
          wake = unlessOver(wake, silentNanos(session));
        }
        yield unlessOver(wake, retryAtNanos);
      }
    };
  }

  /// What was over in the last step was dealt with there.
  private long unlessOver(long wake, long nanos) {
    long steppedNanos = awakeUntilNanos - config.awakeNanos();
    return nanos - steppedNanos > 0 ? earlier(wake, nanos) : wake;
  }

  boolean leased(long nowNanos) {
    return nowNanos - leaseUntilNanos < 0;
  }

  /// When a primary's session counts as lost: the peer has echoed nothing for too long.
  long silentNanos(PeerSession open) {
    return later(leaseUntilNanos, open.openedNanos() + config.deadAfterNanos());
  }

  static long later(long a, long b) {
    return a - b >= 0 ? a : b;
  }

  private static long earlier(long a, long b) {
    return a - b <= 0 ? a : b;
  }
}
