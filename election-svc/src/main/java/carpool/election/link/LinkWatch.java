package carpool.election.link;

import carpool.election.raw.Mac;
import carpool.election.raw.Netlink;
import carpool.election.raw.PosixException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows all interfaces of this network namespace: link state and addresses, as the kernel
/// reports them. One platform thread; listeners are called on it and must be quick.
public final class LinkWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LinkWatch.class);
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_DELLINK = 17;
  private static final int RTM_GETLINK = 18;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_DELADDR = 21;
  private static final int IFINFOMSG_BYTES = 16;
  private static final int IFLA_ADDRESS = 1;
  private static final int IFLA_IFNAME = 3;
  private static final int WAIT_MILLIS = 200;

  /// Who wants to know.
  public interface Listener {
    /// The interface changed, or is gone (empty). Also called once for each at the start.
    void linkChanged(String name, Optional<LinkState> state);

    /// An address of the interface with this index came or went.
    void addressesChanged(int index);
  }

  private final Listener listener;
  private final Map<String, LinkState> links = new HashMap<>();
  private final Netlink events;
  private final Thread thread;
  private volatile boolean stopping;

  private LinkWatch(Listener listener, Netlink events) {
    this.listener = listener;
    this.events = events;
    this.thread = Thread.ofPlatform().name("link-watch").daemon(true).unstarted(this::run);
  }

  /// Subscribes, reports the present state on the calling thread, then each change.
  public static LinkWatch start(Listener listener) throws PosixException {
    // First subscribe, then ask: nothing in between is lost.
    var events =
        Netlink.open(Netlink.RTMGRP_LINK | Netlink.RTMGRP_IPV4_IFADDR | Netlink.RTMGRP_IPV6_IFADDR);
    var watch = new LinkWatch(listener, events);
    try {
      watch.readAll();
    } catch (PosixException e) {
      events.close();
      throw e;
    }
    watch.thread.start();
    return watch;
  }

  /// The interface of this name now, also one without addresses (which the JDK's list leaves out).
  public static Optional<LinkState> find(String name) throws PosixException {
    try (var netlink = Netlink.open(0)) {
      return netlink.dump("list interfaces", RTM_GETLINK, new byte[IFINFOMSG_BYTES]).stream()
          .flatMap(link -> parse(link.body()).stream())
          .filter(link -> link.name().equals(name))
          .findFirst();
    }
  }

  private void run() {
    while (!stopping) {
      try {
        for (var event : events.events(WAIT_MILLIS)) {
          on(event);
        }
      } catch (PosixException e) {
        recover(e);
      }
    }
  }

  /// ENOBUFS: events were lost, so the present state is asked for.
  private void recover(PosixException failure) {
    if (stopping) {
      return;
    }
    LOG.warn(
        "link events were lost ({}), reading the state of all interfaces", failure.getMessage());
    try {
      readAll();
    } catch (PosixException e) {
      LOG.error("the state of the interfaces cannot be read", e);
    }
  }

  private void readAll() throws PosixException {
    try (var netlink = Netlink.open(0)) {
      var gone = new HashMap<>(links);
      for (var link : netlink.dump("list interfaces", RTM_GETLINK, new byte[IFINFOMSG_BYTES])) {
        on(link);
        parse(link.body()).ifPresent(state -> gone.remove(state.name()));
      }
      gone.keySet().forEach(this::remove);
      links.values().forEach(state -> listener.addressesChanged(state.index()));
    }
  }

  private void on(Netlink.Reply event) {
    switch (event.type()) {
      case RTM_NEWLINK -> parse(event.body()).ifPresent(this::put);
      case RTM_DELLINK -> parse(event.body()).ifPresent(state -> remove(state.name()));
      case RTM_NEWADDR, RTM_DELADDR -> listener.addressesChanged(event.body().getInt(4));
      default -> LOG.trace("netlink message {} is no concern of ours", event.type());
    }
  }

  private void put(LinkState state) {
    // A renamed interface keeps its index.
    links
        .values()
        .removeIf(old -> old.index() == state.index() && !old.name().equals(state.name()));
    if (!state.equals(links.put(state.name(), state))) {
      listener.linkChanged(state.name(), Optional.of(state));
    }
  }

  private void remove(String name) {
    if (links.remove(name) != null) {
      listener.linkChanged(name, Optional.empty());
    }
  }

  /// ifinfomsg: 0 family, 2 type, 4 index, 8 flags, 12 change; then attributes.
  private static Optional<LinkState> parse(ByteBuffer body) {
    var name = Netlink.attribute(body, IFINFOMSG_BYTES, IFLA_IFNAME);
    if (body.limit() < IFINFOMSG_BYTES || name == null) {
      return Optional.empty();
    }
    var mac = Netlink.attribute(body, IFINFOMSG_BYTES, IFLA_ADDRESS);
    byte[] macBytes = new byte[6];
    if (mac != null && mac.remaining() == 6) {
      mac.get(0, macBytes);
    }
    String text = StandardCharsets.UTF_8.decode(name).toString().replace("\0", "");
    return Optional.of(new LinkState(text, body.getInt(4), body.getInt(8), Mac.of(macBytes, 0)));
  }

  @Override
  public void close() {
    stopping = true;
    events.close();
  }
}
