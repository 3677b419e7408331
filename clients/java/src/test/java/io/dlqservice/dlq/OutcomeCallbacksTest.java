package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.SendResult.Stored;
import io.dlqservice.dlq.testing.LocalServer;
import io.dlqservice.dlq.testing.LocalServerExtension;
import io.dlqservice.dlq.v1.DlqAdminServiceGrpc;
import io.dlqservice.dlq.v1.Rule;
import io.dlqservice.dlq.v1.RuleEvent;
import io.dlqservice.dlq.v1.RuleSet;
import io.dlqservice.dlq.v1.UpdateRulesRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LocalServerExtension.class)
class OutcomeCallbacksTest {
  private static final SendOptions NOW = SendOptions.builder().delay(Duration.ZERO).build();

  private final String queue = "q-" + UUID.randomUUID();
  private final BlockingQueue<OutcomeEvent> succeeded = new LinkedBlockingQueue<>();
  private final BlockingQueue<OutcomeEvent> failed = new LinkedBlockingQueue<>();
  private final BlockingQueue<OutcomeEvent> quarantined = new LinkedBlockingQueue<>();

  private DlqClientBuilder builder(LocalServer server) {
    return DlqClient.builder(server.target())
        .withoutSpool()
        .onSucceeded(succeeded::add)
        .onFailed(failed::add)
        .onQuarantined(quarantined::add);
  }

  private static OutcomeEvent next(BlockingQueue<OutcomeEvent> events) throws Exception {
    OutcomeEvent next = events.poll(20, TimeUnit.SECONDS);
    assertNotNull(next, "no callback came within 20 s");
    return next;
  }

  @Test
  void anEventHasWhatHappened(LocalServer server) throws Exception {
    Instant began = Instant.now().minusSeconds(1);
    SendOptions options =
        SendOptions.builder().delay(Duration.ZERO).sourceId("order-42").maxRetries(2).build();
    try (DlqClient dlq = builder(server).build()) {
      Stored sent = (Stored) dlq.send(queue, "a", null, options);
      dlq.worker(queue)
          .startWithOutcomes(
              delivery ->
                  delivery.attempt() == 1
                      ? Outcome.failed(new RetryAfterException("later", Duration.ofMillis(100)))
                      : Outcome.quarantined("look at it"));
      OutcomeEvent first = next(failed);
      assertEquals(sent.id(), first.id());
      assertEquals(queue, first.queue());
      assertEquals(1, first.attempts());
      assertEquals(Optional.empty(), first.quarantineReason());
      assertTrue(first.dueTime().orElseThrow().isAfter(began));
      assertTrue(first.time().isAfter(began));
      assertEquals("order-42", first.sourceId());
      OutcomeEvent second = next(quarantined);
      assertEquals(sent.id(), second.id());
      assertEquals(Optional.of(QuarantineReason.WORKER_REQUEST), second.quarantineReason());
      assertEquals(Optional.empty(), second.dueTime());
      assertEquals("look at it", second.note());
      assertEquals("order-42", second.sourceId());
    }
  }

  @Test
  void eachMessageOfABatchIsFollowed(LocalServer server) throws Exception {
    try (DlqClient dlq = builder(server).build()) {
      List<CompletableFuture<SendResult>> sends =
          IntStream.range(0, 50).mapToObj(n -> dlq.sendAsync(queue, "m" + n, null, NOW)).toList();
      Set<String> sent = new HashSet<>();
      for (CompletableFuture<SendResult> send : sends) sent.add(((Stored) send.get()).id());
      dlq.worker(queue).start(delivery -> {});
      Set<String> processed = new HashSet<>();
      for (int n = 0; n < 50; n++) processed.add(next(succeeded).id());
      assertEquals(sent, processed);
    }
  }

  @Test
  void aMovedMessageIsFollowed(LocalServer server) throws Exception {
    String slow = queue + "-slow";
    try (DlqClient dlq = builder(server).build()) {
      Rule.Builder rule =
          Rule.newBuilder()
              .setName("slow")
              .setEvent(RuleEvent.RULE_EVENT_FAILURE)
              .setWhen("message.queue == '" + queue + "'");
      rule.getActionBuilder().setQueue(slow);
      rule.getActionBuilder()
          .setRetryPolicy(
              RetryPolicy.builder().initialDelay(Duration.ofMillis(50)).build().message());
      RuleSet rules = RuleSet.newBuilder().addRules(rule).build();
      DlqAdminServiceGrpc.newBlockingStub(dlq.channel())
          .updateRules(UpdateRulesRequest.newBuilder().setRuleSet(rules).build());
      String id = ((Stored) dlq.send(queue, "a", null, NOW)).id();
      dlq.worker(queue, slow)
          .start(
              delivery -> {
                if (delivery.queue().equals(queue)) throw new Exception("slow");
              });
      assertEquals(queue, next(failed).queue());
      OutcomeEvent done = next(succeeded);
      assertEquals(id, done.id());
      assertEquals(slow, done.queue());
    }
  }

  @Test
  void aCallbackMaySendAndClose(LocalServer server) throws Exception {
    CompletableFuture<SendResult> second = new CompletableFuture<>();
    CompletableFuture<Void> closed = new CompletableFuture<>();
    DlqClient[] own = new DlqClient[1];
    own[0] =
        DlqClient.builder(server.target())
            .withoutSpool()
            .onSucceeded(
                event -> {
                  second.complete(own[0].send(queue + "-2", "b", null));
                  own[0].close();
                  closed.complete(null);
                })
            .build();
    own[0].send(queue, "a", null, NOW);
    own[0].worker(queue).start(delivery -> {});
    assertEquals(SendStatus.SENT, second.get(20, TimeUnit.SECONDS).status());
    closed.get(4, TimeUnit.SECONDS); // a close that waits for the callback takes 5 s
    own[0].close();
  }
}
