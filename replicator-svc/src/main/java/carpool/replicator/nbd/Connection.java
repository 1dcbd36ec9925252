package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.block.WriteCoalescer;
import carpool.replicator.nbd.ExportLookup.Found.Served;
import carpool.replicator.nbd.Haggling.Agreed;
import carpool.replicator.stream.SocketTransport;
import carpool.replicator.stream.TlsTransport;
import carpool.replicator.stream.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client: handshake, transmission, end. Run by a thread of its own.
final class Connection implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final long HANDSHAKE_IDLE_MILLIS = 10_000;
  private static final int OPTIONS_MAX = 128;

  /// TLS records that go out with one system call; there may be many connections.
  private static final int RECORDS_AT_ONCE = 4;

  private static final int OPTION_DATA_MAX = 64 << 10;
  private static final int OPTION_DATA_SKIPPED_MAX = 1 << 20;

  private final String name;
  private final ExportLookup exports;
  private final @Nullable Supplier<SSLEngine> tls;
  private final Runnable ended;
  private final Inbox inbox;
  private Transport transport;

  private volatile @Nullable Agreed agreed;
  private volatile @Nullable Outbox outbox;
  private volatile boolean draining;
  private volatile boolean cut;

  /// @param tls makes the server side of a TLS session; null when there is no TLS here
  /// @param ended called once, when the connection holds nothing any more
  Connection(
      String name,
      SocketTransport socket,
      ExportLookup exports,
      @Nullable Supplier<SSLEngine> tls,
      Runnable ended) {
    this.name = name;
    this.exports = exports;
    this.tls = tls;
    this.ended = ended;
    this.transport = socket;
    this.inbox = new Inbox(socket, HANDSHAKE_IDLE_MILLIS);
  }

  /// True when the export in use is this very device; false during the handshake.
  @SuppressWarnings("ReferenceEquality")
  boolean uses(BlockDevice device) {
    var now = agreed;
    return now != null && now.device() == device;
  }

  /// Receives no further request, answers what was received, then closes. Returns at once.
  void drain() {
    draining = true;
    transport.wake();
  }

  /// Closes at once.
  void cutOff() {
    cut = true;
    draining = true;
    var box = outbox;
    if (box == null) {
      transport.close();
    } else {
      box.die();
    }
  }

  @Override
  public void run() {
    try {
      var outcome = handshake();
      if (outcome != null) {
        transmit(outcome);
      }
    } catch (EOFException _) {
      LOG.debug("nbd connection={} event=ClientGone", name);
    } catch (IOException e) {
      if (!cut) {
        LOG.info("nbd connection={} event=Dropped reason=\"{}\"", name, e.getMessage());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      var box = outbox;
      if (box != null) {
        box.die();
      }
      transport.close();
      ended.run();
    }
  }

  // ----- handshake

  private @Nullable Agreed handshake() throws IOException {
    send(
        ByteBuffer.allocate(18)
            .putLong(Wire.NBDMAGIC)
            .putLong(Wire.IHAVEOPT)
            .putShort((short) (Wire.FIXED_NEWSTYLE | Wire.NO_ZEROES))
            .flip());
    if (!inbox.await(4, this::draining)) {
      return null;
    }
    var clientFlags = inbox.bytes().getInt();
    if ((clientFlags & ~(Wire.FIXED_NEWSTYLE | Wire.NO_ZEROES)) != 0) {
      throw new IOException("the client set flags that were not offered");
    }
    var zeroes = (clientFlags & Wire.NO_ZEROES) == 0;
    var fixed = (clientFlags & Wire.FIXED_NEWSTYLE) != 0;
    var haggling =
        new Haggling(exports, zeroes, tls == null || !fixed ? TlsMode.NONE : TlsMode.REQUIRED);
    if (tls != null && !fixed) {
      throw new IOException("a client without fixed newstyle cannot start TLS");
    }
    for (var options = 0; options < OPTIONS_MAX; options++) {
      if (!inbox.await(Wire.OPTION_BYTES, this::draining)) {
        return null;
      }
      var answer = answerOption(haggling);
      send(answer.replies());
      switch (answer.next()) {
        case OPTION -> {}
        case CLOSE -> {
          return null;
        }
        case TRANSMISSION -> {
          return haggling.agreed();
        }
        case START_TLS -> {
          startTls();
          haggling = new Haggling(exports, zeroes, TlsMode.ACTIVE);
        }
      }
    }
    throw new IOException("too many options");
  }

  private Haggling.Answer answerOption(Haggling haggling) throws IOException {
    var head = inbox.bytes();
    if (head.getLong() != Wire.IHAVEOPT) {
      throw new IOException("an option does not begin with the magic number");
    }
    var option = head.getInt();
    var length = head.getInt() & 0xffff_ffffL;
    if (length > OPTION_DATA_MAX) {
      if (length > OPTION_DATA_SKIPPED_MAX || option == Wire.OPT_EXPORT_NAME) {
        throw new IOException("option " + option + " with " + length + " bytes of data is abuse");
      }
      inbox.skip(length);
      return haggling.tooLong(option);
    }
    var data = ByteBuffer.allocate((int) length);
    inbox.fill(data);
    return haggling.answer(option, data.flip());
  }

  private void startTls() throws IOException {
    var engines = tls;
    if (engines == null || inbox.buffered() > 0) {
      // Bytes in the clear behind STARTTLS must never count as options (nbd.md 5).
      throw new IOException("the client sent more before the TLS handshake");
    }
    var engine = engines.get();
    engine.setUseClientMode(false);
    var secure =
        new TlsTransport(transport, engine, RECORDS_AT_ONCE, TlsTransport.Farewell.CLOSE_NOTIFY);
    transport = secure;
    secure.handshake(HANDSHAKE_IDLE_MILLIS);
    inbox.switchTo(secure);
  }

  private void send(ByteBuffer bytes) throws IOException {
    var one = new ByteBuffer[] {bytes};
    while (bytes.hasRemaining() && !transport.sendNow(one, 0, 1)) {
      if (!transport.awaitWritable(HANDSHAKE_IDLE_MILLIS)) {
        throw new IOException("the client does not read its replies");
      }
    }
  }

  private boolean draining() {
    return draining;
  }

  // ----- transmission

  private void transmit(Agreed outcome) throws IOException, InterruptedException {
    var box = new Outbox(outcome.device(), outcome.structured(), transport, name);
    outbox = box;
    agreed = outcome;
    // Who ends an export changes the lookup first and then drains the connections it sees: one
    // of the two must have met us.
    if (!(exports.find(outcome.name()) instanceof Served served) || !uses(served.device()) || cut) {
      return;
    }
    LOG.info("nbd connection={} event=Opened export={}", name, outcome.name());
    inbox.allowIdle(0);
    try (var batch = WriteCoalescer.open()) {
      new Transmission(outcome, inbox, box, this::draining, batch).run();
    }
    box.awaitIdle(() -> cut);
    LOG.info("nbd connection={} event=Closed export={}", name, outcome.name());
  }
}
