package carpool.replicator.core.witness;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Two nodes, the paths between them and a witness, at one moment. The nodes decide with the
/// machine of a [Rule]; everything else here is what the machine may rely on, and no more.
///
/// Time: the clock of every machine always reads 0. A tick moves all its times one closer to that;
/// what is over is over, however long. So equal situations are equal states.
final class World {
  static final int DEAD_AFTER = 2;
  static final List<String> NAMES = List.of("A", "B");

  final Rule rule;
  final Node[] nodes;

  /// The writes that a client was answered, or has read.
  int seen;

  int writesBegun;

  // ----- the witness
  WitnessRecord record = new WitnessRecord.Both();
  long lastRevision = 1;
  long incarnation = 1;

  // ----- faults left
  int writes;
  int wipes;
  final boolean lateQuestions;

  /// Source of fresh numbers.
  private long numbers = 1;

  /// Both copies went ahead of each other.
  boolean splitBrain;

  /// Told of every step; null in an exploration.
  @Nullable StringBuilder log;

  World(Rule rule, Bounds bounds) {
    this.rule = rule;
    nodes = new Node[] {new Node(), new Node()};
    for (var node : nodes) {
      node.crashes = bounds.crashes();
      node.pauses = bounds.pauses();
      node.linkChanges = bounds.linkChanges();
      node.witnessLinkChanges = bounds.witnessLinkChanges();
      node.incarnation = incarnation;
    }
    writes = bounds.writes();
    wipes = bounds.wipes();
    lateQuestions = bounds.lateQuestions();
    start(0);
    start(1);
  }

  World(World w) {
    rule = w.rule;
    nodes = new Node[] {new Node(w.nodes[0]), new Node(w.nodes[1])};
    seen = w.seen;
    writesBegun = w.writesBegun;
    record = w.record;
    lastRevision = w.lastRevision;
    incarnation = w.incarnation;
    writes = w.writes;
    wipes = w.wipes;
    lateQuestions = w.lateQuestions;
    numbers = w.numbers;
    splitBrain = w.splitBrain;
  }

  Node peerOf(int n) {
    return nodes[1 - n];
  }

  boolean answers(int n) {
    return nodes[n].running() && rule.answers(nodes[n].state(), 0);
  }

  /// Null, or what must never be.
  @Nullable String violation() {
    boolean a = answers(0);
    boolean b = answers(1);
    if (a && b) {
      return "both nodes answer";
    }
    if (splitBrain) {
      return "split brain";
    }
    for (int n = 0; n < 2; n++) {
      if (answers(n) && (nodes[n].data & seen) != seen) {
        return NAMES.get(n) + " answers and lacks what a client was told";
      }
    }
    return null;
  }

  // ----- processes

  void start(int n) {
    var node = nodes[n];
    node.up = true;
    node.forgetSent();
    node.machine = rule.start(config(n), node.incarnation, node.usable(), 0);
  }

  private static WitnessConfig config(int n) {
    return CONFIGS[n];
  }

  private static final WitnessConfig[] CONFIGS = {configOf(0), configOf(1)};

  private static WitnessConfig configOf(int n) {
    return new WitnessConfig(
        NAMES.get(n), NAMES.get(1 - n), DEAD_AFTER, 0, 1, 1, 2, 1_000, OnLoss.SUSPEND);
  }

  void crash(int n) {
    var node = nodes[n];
    leave(n);
    abandonRequest(n);
    abandonQuestion(n);
    node.up = false;
    node.paused = false;
    node.pending = 0;
    node.stage = 0;
    node.machine = null;
  }

  /// The node no longer believes in the session: what is on its way to it will not be heard.
  void leave(int n) {
    peerOf(n).forgetSent();
    nodes[n].stage = 0;
  }

  // ----- one step of a machine

  void feed(int n, WitnessEvent event) {
    var node = nodes[n];
    var before = node.state();
    var transition = rule.step(before, new Moment(0, ++numbers), event);
    node.machine = transition.next();
    if (log != null) {
      log.append("        ").append(NAMES.get(n)).append(": ").append(event);
      transition.effects().forEach(effect -> log.append("\n           → ").append(effect));
      log.append('\n');
    }
    boolean timePassed = !(rule instanceof Fault) && event instanceof WitnessEvent.TimePassed;
    if (timePassed && node.state().wakeNanos() <= 0) {
      throw new IllegalStateException("waits for a time that is over: " + node.state());
    }
    if (before.session() != null && !node.inSession()) {
      leave(n);
    }
    var call = node.state().call();
    if (node.request != null && (call == null || call.token() != node.request.call())) {
      abandonRequest(n);
    }
    var question = node.state().question();
    if (before.question() != null && !before.question().equals(question)) {
      abandonQuestion(n);
    }
    for (var effect : transition.effects()) {
      carryOut(n, effect);
    }
  }

  /// A transaction nobody waits for stays on its way, if it can still hold. Of two that can, the
  /// reset is kept: it is the one that lets the peer win.
  private void abandonRequest(int n) {
    var node = nodes[n];
    var request = node.request;
    node.request = null;
    if (request != null && request.pending() && holds(request)) {
      var kept = node.stray;
      if (kept == null || !holds(kept) || !(kept.record() instanceof WitnessRecord.Both)) {
        node.stray = request;
      }
    }
  }

  private void abandonQuestion(int n) {
    var node = nodes[n];
    node.outdateAnswer = 0;
    node.askPromotion = false;
    peerOf(n).promotionAnswer = 0;
    if (node.outdateQuestion == 1) {
      node.outdateQuestion = lateQuestions ? 2 : 0;
    }
  }

  private void carryOut(int n, WitnessEffect effect) {
    var node = nodes[n];
    switch (effect) {
      case WitnessEffect.ReadRecord(var call) ->
          node.request = new Request(call, 0, 0, null, false, null);
      case WitnessEffect.WriteRecord(var call, var inc, var revision, var written) ->
          node.request = new Request(call, inc, revision, written, false, null);
      case WitnessEffect.CreateWitness(var call, var inc) ->
          node.request = new Request(call, inc, 0, new WitnessRecord.Both(), true, null);
      case WitnessEffect.AskPromotion _ -> node.askPromotion = true;
      case WitnessEffect.AskOutdate _ -> {
        node.outdateQuestion = 1;
        node.outdateAnswer = 0;
      }
      case WitnessEffect.AnswerPeer(var request, var granted) -> {
        if (request == Requests.PROMOTION) {
          node.promotionAnswer = granted ? 1 : 2;
        } else if (request == Requests.OUTDATE) {
          peerOf(n).outdateAnswer = 2;
        }
      }
      case WitnessEffect.OutdateCopy(var request) -> {
        node.outdated = true;
        if (request == Requests.OUTDATE) {
          peerOf(n).outdateAnswer = 1;
        }
      }
      case WitnessEffect.EchoKeepAlive(var sent) -> node.echo = (int) sent;
      case WitnessEffect.GoStandAlone _ -> {
        node.ahead = true;
        splitBrain |= peerOf(n).ahead;
      }
      case WitnessEffect.EndSession _,
          WitnessEffect.AllowPromotion _,
          WitnessEffect.RefusePromotion _,
          WitnessEffect.AskDemotion _,
          WitnessEffect.GiveAddressAway _,
          WitnessEffect.ReportForeign _ -> {}
    }
  }

  /// What the asked node is told of who asks.
  static final class Requests {
    static final long PROMOTION = 1;
    static final long OUTDATE = 2;
    static final long OUTDATE_LATE = 3;

    private Requests() {}
  }

  // ----- the witness

  long revision() {
    return record instanceof WitnessRecord.Absent ? 0 : lastRevision;
  }

  WitnessView view() {
    return new WitnessView(incarnation, record, revision());
  }

  /// The compare of the transaction would hold now.
  boolean holds(Request request) {
    return request.create()
        ? incarnation == 0
        : request.incarnation() == incarnation && request.expectedRevision() == revision();
  }

  /// Carries a request out.
  WitnessEvent execute(Request request) {
    if (request.record() == null) {
      return new WitnessEvent.RecordRead(request.call(), view());
    }
    if (!holds(request)) {
      return new WitnessEvent.TransactionLost(request.call(), view());
    }
    record = request.record();
    incarnation = request.incarnation();
    lastRevision++;
    return new WitnessEvent.TransactionWon(request.call(), lastRevision);
  }

  /// The engine lost everything; what was on its way to it or from it is lost with its connections.
  void wipe() {
    record = new WitnessRecord.Absent();
    incarnation = 0;
    for (var node : nodes) {
      node.request = null;
      node.stray = null;
    }
  }

  /// The operator replaces an empty witness: both nodes trust a new one, durably, before either
  /// acts on it.
  void replaceWitness() {
    long agreed = ++numbers;
    for (var node : nodes) {
      node.incarnation = agreed;
    }
    for (int n = 0; n < 2; n++) {
      feed(n, new WitnessEvent.IncarnationAgreed(agreed));
    }
  }

  /// Forgets what can have no effect any more, so that equal situations are equal.
  void tidy() {
    for (int n = 0; n < 2; n++) {
      var node = nodes[n];
      if (node.stray != null && !holds(node.stray)) {
        node.stray = null;
      }
      var peer = peerOf(n);
      boolean prolongs =
          node.echo != Node.NONE
              && peer.inSession()
              && peer.standing(Standing.PRIMARY)
              && node.echo + DEAD_AFTER > peer.state().leaseUntilNanos();
      if (!prolongs) {
        node.echo = Node.NONE;
      }
    }
  }

  // ----- time

  void tick() {
    for (int n = 0; n < 2; n++) {
      var node = nodes[n];
      node.echo = older(node.echo);
      if (node.machine != null) {
        node.machine = Clock.tick(node.machine);
      }
    }
    for (int n = 0; n < 2; n++) {
      if (nodes[n].running()) {
        feed(n, new WitnessEvent.TimePassed());
      }
    }
  }

  /// An echo that has lost its worth is as good as lost.
  private static int older(int sent) {
    return sent == Node.NONE || sent - 1 <= -DEAD_AFTER ? Node.NONE : sent - 1;
  }
}
