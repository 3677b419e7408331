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
 * What a worker holds: running, waiting, and not yet reported. Each lease is extended when a third
 * of it is over, by its token: a whole session would also keep what was lost on the way here.
 * Belongs to the client's loop.
 */
final class Leases {
  /** Whom it tells. */
  interface Listener {
    void lost(HeldDelivery held);

    /** Extending is refused as such, for a reason that does not pass by itself. */
    void refused(CallError error);
  }

  private static final int MOST_TOKENS = 1_000;
  private static final long LEAST_EVERY_MS = 100;
  private static final long CALL_TIMEOUT_MS = 2_000;
  private static final int LOOKS_A_LEASE = 12;
  private static final int EXTENSIONS_A_LEASE = 3;

  private final Loop loop;
  private final Line line;
  private final Listener listener;
  private final Map<String, HeldDelivery> held = new LinkedHashMap<>();
  private long leaseMs;
  private ScheduledFuture<?> timer;
  private boolean isBusy;

  Leases(Loop loop, Line line, Listener listener) {
    this.loop = loop;
    this.line = line;
    this.listener = listener;
  }

  /** Begins, or goes on with another length. */
  void setLeaseMs(long leaseMs) {
    if (leaseMs == this.leaseMs) return;
    this.leaseMs = leaseMs;
    Loop.cancel(timer);
    timer = loop.every(Math.max(LEAST_EVERY_MS, leaseMs / LOOKS_A_LEASE), this::extendDue);
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
   * Gives back what the server counts as this session's and what never came here: written to a
   * stream that broke. Only while no stream is open. Best effort: they expire by themselves.
   */
  CompletableFuture<Void> releaseStrays(String sessionId) {
    if (sessionId.isEmpty()) return CompletableFuture.completedFuture(null);
    ExtendLeaseRequest request = ExtendLeaseRequest.newBuilder().setSessionId(sessionId).build();
    return line.connection()
        .call(DlqServiceGrpc.getExtendLeaseMethod(), request, CALL_TIMEOUT_MS)
        .thenComposeAsync(response -> release(strays(response.getResultsList())), loop)
        .exceptionally(nobodyAnswers -> null);
  }

  /** A lease that is over already needs no release, which would only make its message wait. */
  private List<String> strays(List<ExtendLeaseResult> results) {
    return results.stream()
        .filter(result -> result.getStatus() == AckStatus.ACK_STATUS_APPLIED)
        .map(ExtendLeaseResult::getLeaseToken)
        .filter(token -> !held.containsKey(token))
        .toList();
  }

  private CompletableFuture<Void> release(List<String> tokens) {
    if (tokens.isEmpty()) return CompletableFuture.completedFuture(null);
    List<String> first = tokens.subList(0, Math.min(MOST_TOKENS, tokens.size()));
    AckRequest.Builder request = AckRequest.newBuilder().setRequestId(UUID.randomUUID().toString());
    for (String token : first) {
      request.addOutcomes(
          Outcome.newBuilder().setLeaseToken(token).setReleased(Released.getDefaultInstance()));
    }
    return line.connection()
        .call(DlqServiceGrpc.getAckMethod(), request.build(), CALL_TIMEOUT_MS)
        .thenComposeAsync(response -> release(tokens.subList(first.size(), tokens.size())), loop);
  }

  private void extendDue() {
    if (isBusy) return;
    long nowMs = Loop.nowMs();
    List<HeldDelivery> due = new ArrayList<>();
    for (HeldDelivery one : held.values()) {
      if (!one.isLost && nowMs - one.leasedAtMs >= leaseMs / EXTENSIONS_A_LEASE) due.add(one);
    }
    if (!due.isEmpty()) extend(due);
  }

  /** The first of them, then the rest. */
  private void extend(List<HeldDelivery> due) {
    isBusy = true;
    List<HeldDelivery> first = due.subList(0, Math.min(MOST_TOKENS, due.size()));
    List<HeldDelivery> rest = due.subList(first.size(), due.size());
    ExtendLeaseRequest.Builder request = ExtendLeaseRequest.newBuilder();
    first.forEach(one -> request.addLeaseTokens(one.leaseToken()));
    long timeoutMs = Math.min(CALL_TIMEOUT_MS, leaseMs / EXTENSIONS_A_LEASE);
    Connection connection = line.connection();
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

  /** The next look tries again; until then the lease goes on. */
  private void failed(Connection connection, CallError error) {
    line.failed(connection, error);
    if (!error.isWorthAgain()) listener.refused(error);
  }

  private void take(List<HeldDelivery> extended, List<ExtendLeaseResult> results) {
    long nowMs = Loop.nowMs();
    for (int at = 0; at < Math.min(extended.size(), results.size()); at++) {
      HeldDelivery one = extended.get(at);
      ExtendLeaseResult result = results.get(at);
      if (!held.containsKey(one.leaseToken())) continue;
      boolean isApplied = result.getStatus() == AckStatus.ACK_STATUS_APPLIED;
      if (isApplied && !result.getShouldStop()) {
        one.extendedTo(Times.from(result.getLeaseExpireTime()), nowMs);
      } else {
        listener.lost(one);
      }
    }
  }
}
