package io.dlqservice.dlq;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection of sends and outcomes. When a call on it is not answered in time it is replaced: a
 * peer that vanished without a word is otherwise found by pings only, long after the deadlines. So
 * it is when it could not be made: gRPC waits longer and longer before it looks again.
 */
final class Line {
  /** How long calls of before may still be answered on a connection that was replaced. */
  private static final long LINGER_MS = 5_000;

  /** A younger one stays: deadlines too short for a busy server must not cost a handshake each. */
  private static final long LEAST_AGE_MS = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(DlqClient.class);

  private final Supplier<Connection> connect;
  private final Loop loop;
  private final Set<Connection> lingering = new HashSet<>();
  private Connection current;
  private volatile boolean isClosed;
  private long madeAtMs = Loop.nowMs();

  Line(Supplier<Connection> connect, Loop loop) {
    this.connect = connect;
    this.loop = loop;
    current = connect.get();
  }

  /** For one call. */
  Connection connection() {
    if (current.hasFailed()) replace();
    return current;
  }

  /** Says that a call on a connection failed, and how. */
  void failed(Connection suspect, CallError error) {
    boolean isYoung = Loop.nowMs() - madeAtMs < LEAST_AGE_MS;
    if (error.isSilent() && suspect == current && !isYoung) replace();
  }

  private void replace() {
    if (isClosed) return; // nobody would close the new one
    Connection left = current;
    try {
      current = connect.get();
    } catch (RuntimeException | Error notNow) { // for want of memory, say; whoever calls goes on
      LOG.error("the connection could not be replaced; calls stay on the one before", notNow);
      return;
    }
    madeAtMs = Loop.nowMs();
    lingering.add(left);
    left.retire();
    loop.after(
        LINGER_MS,
        () -> {
          lingering.remove(left);
          left.close();
        });
  }

  /** From any thread: whether calls that were under way have been ended by the client itself. */
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
