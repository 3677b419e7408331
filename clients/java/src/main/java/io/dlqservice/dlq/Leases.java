package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.AckRequest;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.ExtendLeaseRequest;
import io.dlqservice.dlq.v1.ExtendLeaseResult;
import io.dlqservice.dlq.v1.Outcome;
import io.dlqservice.dlq.v1.Released;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;

/**
 * The leases that a worker holds: running, waiting, and not yet reported. Extends each after a
 * third of its time, by its token: extending the session would also extend deliveries that were
 * never received. Used on the client's loop only.
 */
final class Leases {
  /** Receives what happens to leases. */
  interface Listener {
    void lost(HeldDelivery held);

    /** The server refuses to extend leases, and a retry does not help. */
    void refused(CallError error);
  }

  private static final int MAX_TOKENS = 1_000;
  private static final long MIN_INTERVAL_MS = 100;
  private static final long CALL_TIMEOUT_MS = 2_000;
  private static final int CHECKS_PER_LEASE = 12;
  private static final int EXTENSIONS_PER_LEASE = 3;

  private final Loop loop;
  private final ReconnectingChannel channel;
  private final Listener listener;
  private final Map<String, HeldDelivery> held = new LinkedHashMap<>();
  private long leaseMs;
  private ScheduledFuture<?> timer;
  private boolean isBusy;

  Leases(Loop loop, ReconnectingChannel channel, Listener listener) {
    this.loop = loop;
    this.channel = channel;
    this.listener = listener;
  }

  /** Starts extending, or continues with another length of leases. */
  void setLeaseMs(long leaseMs) {
    if (leaseMs == this.leaseMs) return;
    this.leaseMs = leaseMs;
    Loop.cancel(timer);
    timer = loop.every(Math.max(MIN_INTERVAL_MS, leaseMs / CHECKS_PER_LEASE), this::extendDue);
  }

  void stop() {
    Loop.cancel(timer);
  }

  void add(HeldDelivery one) {
    held.put(one.leaseToken(), one);
  }

  void remove(HeldDelivery one) {
    held.remove(one.leaseToken());
  }

  /**
   * Releases deliveries of the session that were sent on a broken stream and never received. Call
   * it only while no stream is open. If it fails, the leases expire.
   */
  CompletableFuture<Void> releaseUnreceived(String sessionId) {
    if (sessionId.isEmpty()) return CompletableFuture.completedFuture(null);
    ExtendLeaseRequest request = ExtendLeaseRequest.newBuilder().setSessionId(sessionId).build();
    return channel
        .connection()
        .call(DlqServiceGrpc.getExtendLeaseMethod(), request, CALL_TIMEOUT_MS)
        .thenComposeAsync(response -> release(unreceived(response.getResultsList())), loop)
        .exceptionally(unavailable -> null);
  }

  /** Skips expired leases: releasing them would only delay their messages. */
  private List<String> unreceived(List<ExtendLeaseResult> results) {
    return results.stream()
        .filter(result -> result.getStatus() == AckStatus.ACK_STATUS_APPLIED)
        .map(ExtendLeaseResult::getLeaseToken)
        .filter(token -> !held.containsKey(token))
        .toList();
  }

  private CompletableFuture<Void> release(List<String> tokens) {
    if (tokens.isEmpty()) return CompletableFuture.completedFuture(null);
    List<String> first = tokens.subList(0, Math.min(MAX_TOKENS, tokens.size()));
    AckRequest.Builder request = AckRequest.newBuilder().setRequestId(UUID.randomUUID().toString());
    for (String token : first) {
      request.addOutcomes(
          Outcome.newBuilder().setLeaseToken(token).setReleased(Released.getDefaultInstance()));
    }
    return channel
        .connection()
        .call(DlqServiceGrpc.getAckMethod(), request.build(), CALL_TIMEOUT_MS)
        .thenComposeAsync(response -> release(tokens.subList(first.size(), tokens.size())), loop);
  }

  private void extendDue() {
    if (isBusy) return;
    long nowMs = Loop.nowMs();
    List<HeldDelivery> due = new ArrayList<>();
    for (HeldDelivery one : held.values()) {
      if (!one.isLost && nowMs - one.leasedAtMs >= leaseMs / EXTENSIONS_PER_LEASE) due.add(one);
    }
    if (!due.isEmpty()) extend(due);
  }

  /** Extends up to 1,000 leases a call, one call after the other. */
  private void extend(List<HeldDelivery> due) {
    isBusy = true;
    List<HeldDelivery> first = due.subList(0, Math.min(MAX_TOKENS, due.size()));
    List<HeldDelivery> rest = due.subList(first.size(), due.size());
    ExtendLeaseRequest.Builder request = ExtendLeaseRequest.newBuilder();
    first.forEach(one -> request.addLeaseTokens(one.leaseToken()));
    long timeoutMs = Math.min(CALL_TIMEOUT_MS, leaseMs / EXTENSIONS_PER_LEASE);
    Connection connection = channel.connection();
    loop.whenDone(
        connection.call(DlqServiceGrpc.getExtendLeaseMethod(), request.build(), timeoutMs),
        (response, thrown) -> {
          isBusy = false;
          if (thrown != null) {
            failed(connection, CallError.of(thrown));
            return;
          }
          take(first, response.getResultsList());
          if (!rest.isEmpty()) extend(rest);
        });
  }

  /** The next check tries again; until then the lease continues. */
  private void failed(Connection connection, CallError error) {
    channel.failed(connection, error);
    if (!error.isRetryable()) listener.refused(error);
  }

  private void take(List<HeldDelivery> extended, List<ExtendLeaseResult> results) {
    long nowMs = Loop.nowMs();
    for (int at = 0; at < Math.min(extended.size(), results.size()); at++) {
      HeldDelivery one = extended.get(at);
      ExtendLeaseResult result = results.get(at);
      if (!held.containsKey(one.leaseToken())) continue;
      // The data of the queue is damaged. The next check tries again.
      if (result.getStatus() == AckStatus.ACK_STATUS_INTERNAL) continue;
      boolean isApplied = result.getStatus() == AckStatus.ACK_STATUS_APPLIED;
      if (isApplied && !result.getShouldStop()) {
        one.extendedTo(Times.from(result.getLeaseExpireTime()), nowMs);
      } else {
        listener.lost(one);
      }
    }
  }
}
