package io.dlqservice.dlq;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection of sends and outcomes, which is replaced when it fails. A call without an answer
 * replaces it, because pings find a vanished peer only after the deadlines. So does a failed
 * connect, because gRPC waits longer and longer between tries.
 */
final class ReconnectingChannel {
  /** How long the calls of a replaced connection may still be answered. */
  private static final long LINGER_MS = 5_000;

  /**
   * A younger connection is kept: short deadlines on a busy server must not cost a handshake each.
   */
  private static final long MIN_AGE_MS = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private final Supplier<Connection> connect;
  private final Loop loop;
  private final Set<Connection> lingering = new HashSet<>();
  private Connection current;
  private volatile boolean isClosed;
  private long madeAtMs = Loop.nowMs();

  ReconnectingChannel(Supplier<Connection> connect, Loop loop) {
    this.connect = connect;
    this.loop = loop;
    current = connect.get();
  }

  /** Returns the connection for one call. */
  Connection connection() {
    if (current.hasFailed()) replace();
    return current;
  }

  /** Reports a failed call. */
  void failed(Connection connection, CallError error) {
    boolean isYoung = Loop.nowMs() - madeAtMs < MIN_AGE_MS;
    if (error.isUnanswered() && connection == current && !isYoung) replace();
  }

  private void replace() {
    if (isClosed) return; // it would never be closed
    Connection old = current;
    try {
      current = connect.get();
    } catch (RuntimeException | Error failure) { // such as no memory
      LOG.error("cannot replace the connection; calls use the old one", failure);
      return;
    }
    madeAtMs = Loop.nowMs();
    lingering.add(old);
    old.retire();
    loop.after(
        LINGER_MS,
        () -> {
          lingering.remove(old);
          old.close();
        });
  }

  /** Whether the client ended its calls. May be called from any thread. */
  boolean isClosed() {
    return isClosed;
  }

  void close() {
    isClosed = true;
    current.close();
    lingering.forEach(Connection::close);
    lingering.clear();
  }
}
