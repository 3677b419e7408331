package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.Outcome.Kind;
import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.v1.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.AbstractList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Batch handlers. */
class BatchTest extends WithFakeServer {
  private static final SendOptions ONCE = SendOptions.builder().maxRetries(0).build();

  private final Map<String, SettledDelivery> results = Collections.synchronizedMap(new TreeMap<>());

  @Override
  protected WorkerBuilder worker() {
    return super.worker()
        .onSettled((delivery, result) -> results.put(delivery.payload().text(), result));
  }

  private void send(String... payloads) {
    for (String payload : payloads) dlq.send("q", payload, null, ONCE);
  }

  /** Waits until each message has its outcome. */
  private Map<String, Kind> outcomes(int count) {
    Poll.until(() -> results.size() == count);
    Map<String, Kind> outcomes = new TreeMap<>();
    results.forEach((payload, result) -> outcomes.put(payload, result.outcome()));
    return outcomes;
  }

  private boolean isInFlight(FakeMessage message) {
    return message.state() == MessageState.IN_FLIGHT;
  }

  private Map<String, Kind> outcomesOf(BatchOutcomeHandler handler) {
    results.clear();
    send("a", "b", "c");
    try (Worker worker = worker().startBatchesWithOutcomes(handler)) {
      return outcomes(3);
    }
  }

  private static Map<String, Kind> all(Kind kind) {
    return Map.of("a", kind, "b", kind, "c", kind);
  }

  @Test
  void aBatchIsWhatWaitsUpToItsSize() {
    send(IntStream.range(0, 7).mapToObj(n -> "p" + n).toArray(String[]::new));
    BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    worker().batchSize(3).startBatches(deliveries -> sizes.add(deliveries.size()));
    outcomes(7).values().forEach(kind -> assertEquals(Kind.SUCCEEDED, kind));
    assertTrue(Collections.max(sizes) <= 3 && sizes.size() < 7, sizes.toString());
  }

  @Test
  void otherMessagesCollectWhileABatchRuns() throws Exception {
    BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    CountDownLatch isCollected = new CountDownLatch(1);
    send("a");
    worker()
        .startBatches(
            deliveries -> {
              sizes.add(deliveries.size());
              isCollected.await();
            });
    assertEquals(1, sizes.poll(20, TimeUnit.SECONDS));
    send("b", "c");
    Poll.until(() -> fake.messages("q").stream().allMatch(this::isInFlight));
    isCollected.countDown();
    outcomes(3);
    assertTrue(sizes.size() <= 2, sizes.toString());
  }

  @Test
  void aListHasTheOutcomeOfEach() {
    Outcome[] each = {null, Outcome.quarantined("b"), Outcome.failed(new IOException("c"))};
    assertEquals(
        Map.of("a", Kind.SUCCEEDED, "b", Kind.QUARANTINED, "c", Kind.FAILED),
        outcomesOf(
            deliveries ->
                deliveries.stream()
                    .map(delivery -> each[delivery.payload().text().charAt(0) - 'a'])
                    .collect(Collectors.toList())));
    assertTrue(errors.isEmpty(), errors.toString());
  }

  @Test
  void anAsynchronousHandlerDecidesOnAllOrOnEach() {
    send("a", "b", "c");
    try (Worker worker =
        worker()
            .startBatchesAsync(
                deliveries -> CompletableFuture.supplyAsync(() -> Outcome.discarded("all")))) {
      assertEquals(all(Kind.DISCARDED), outcomes(3));
    }
  }

  @Test
  void aThrownErrorFailsAllAndIsReportedOnce() {
    IOException noStock = new IOException("no stock");
    BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    Map<String, Kind> outcomes =
        outcomesOf(
            deliveries -> {
              sizes.add(deliveries.size());
              throw noStock;
            });
    assertEquals(all(Kind.FAILED), outcomes);
    assertSame(noStock, results.get("a").error().orElseThrow());
    assertEquals(sizes.size(), errors.size());
    errors.forEach(error -> assertEquals(ErrorKind.HANDLER_FAILED, error.kind()));
    assertTrue(errors.peek().getMessage().startsWith("the handler failed: message "));
  }

  @Test
  void aWrongNumberOfOutcomesFailsAll() throws Exception {
    assertEquals(all(Kind.FAILED), outcomesOf(deliveries -> List.of()));
    String text = errors.take().getCause().getMessage();
    assertTrue(text.matches("the handler returned 0 outcomes for \\d deliveries"), text);
  }

  @Test
  void theSendOfAMessageFailsThatDeliveryOnly() {
    assertEquals(
        Map.of("a", Kind.SUCCEEDED, "b", Kind.FAILED, "c", Kind.SUCCEEDED),
        outcomesOf(
            deliveries -> {
              for (Delivery delivery : deliveries) {
                String text = delivery.payload().text();
                if (text.equals("b")) dlq.send("q", text, new IOException("again"));
              }
              return null;
            }));
    assertEquals(3, fake.messages("q").size());
  }

  private Map<String, Kind> outcomesOfEqualMessages(int failing, UnaryOperator<Object> payload) {
    Map<String, Kind> outcomes = Collections.synchronizedMap(new TreeMap<>());
    CountDownLatch isWaiting = new CountDownLatch(1);
    for (int n = 0; n < 4; n++) send(n == 0 ? "first" : "same");
    dlq.worker("q")
        .onSettled((delivery, result) -> outcomes.put(delivery.id(), result.outcome()))
        .startBatches(
            deliveries -> {
              isWaiting.await(100, TimeUnit.MILLISECONDS); // others collect
              int sent = 0;
              for (Delivery delivery : deliveries) {
                boolean isSame = delivery.payload().text().equals("same");
                if (isSame && sent++ < failing) {
                  dlq.send("q", payload.apply(delivery), new IOException("again"));
                }
              }
            });
    Poll.until(() -> outcomes.size() == 4);
    return outcomes;
  }

  @Test
  void ofEqualMessagesEachSendFailsAnother() {
    Map<String, Kind> outcomes =
        outcomesOfEqualMessages(3, delivery -> ((Delivery) delivery).payload().text());
    assertEquals(3, Collections.frequency(outcomes.values(), Kind.FAILED));
    assertEquals(4, fake.messages("q").size());
  }

  @Test
  void aGivenDeliveryIsTheOneThatFails() {
    Map<String, Kind> outcomes = outcomesOfEqualMessages(3, delivery -> delivery);
    assertEquals(3, Collections.frequency(outcomes.values(), Kind.FAILED));
  }

  @Test
  void aStopInterruptsTheHandlerAndReleasesAll() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    send("a");
    Worker worker =
        worker()
            .startBatches(
                deliveries -> {
                  begun.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException stopped) {
                    interrupted.complete(true);
                    throw stopped;
                  }
                });
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    worker.stop(Duration.ZERO).get(20, TimeUnit.SECONDS);
    assertTrue(interrupted.get(20, TimeUnit.SECONDS));
    assertEquals(Map.of("a", Kind.RELEASED), outcomes(1));
    assertTrue(errors.isEmpty(), errors.toString());
  }

  /** No send accepts a list. */
  @Test
  void deliveriesThatAreSentInAListFail() {
    List<Function<List<Delivery>, Object>> lists =
        List.of(
            deliveries -> deliveries,
            deliveries -> deliveries.toArray(),
            deliveries -> deliveries.stream().map(Delivery::payload).toList(),
            deliveries -> deliveries.stream().collect(Collectors.toMap(Delivery::id, of -> of)));
    for (Function<List<Delivery>, Object> list : lists) {
      Map<String, Kind> outcomes =
          outcomesOf(
              deliveries -> {
                dlq.send("other", list.apply(deliveries), new IOException("no bank"));
                return null;
              });
      assertEquals(all(Kind.FAILED), outcomes);
    }
  }

  /** A list that cannot be read is refused. */
  @Test
  void aListThatThrowsIsDropped() {
    Collection<Object> broken =
        new AbstractList<>() {
          @Override
          public Object get(int index) {
            throw new IllegalStateException("no session");
          }

          @Override
          public int size() {
            return 1;
          }
        };
    assertEquals(SendStatus.DROPPED, dlq.send("other", broken, null).status());
  }

  private SendResult sendIn(List<HeldDelivery> batch, String queue, Object payload, String id) {
    HandlerRun run = new HandlerRun(batch);
    run.begin();
    CurrentDelivery.set(run);
    try {
      return dlq.send(queue, payload, new IOException("no bank"), SendOptions.ofSourceId(id));
    } finally {
      CurrentDelivery.clear();
      run.end();
    }
  }

  @Test
  void ofEqualMessagesTheOneWithTheSourceIdFails() {
    HeldDelivery without = held("q", "");
    HeldDelivery named = held("q", "order-42");
    for (List<HeldDelivery> batch : List.of(List.of(without, named), List.of(named, without))) {
      assertEquals(SendStatus.DELIVERY, sendIn(batch, "q", "same", "order-42").status());
      assertTrue(named.wasSent());
      assertFalse(without.wasSent());
    }
  }

  /** A worker of two queues may have equal messages in both. */
  @Test
  void aDeliveryThatIsSentToTheQueueOfAnEqualOneIsANewMessage() {
    HeldDelivery first = held("q", "");
    HeldDelivery second = held("other", "");
    for (Object payload : List.of(first, first.payload())) {
      SendResult result = sendIn(List.of(first, second), "other", payload, "");
      assertEquals(SendStatus.SENT, result.status());
      assertFalse(second.wasSent());
    }
  }

  private HeldDelivery held(String queue, String sourceId) {
    var context =
        new WorkerContext(dlq, fake.target(), null, null, null, null, null, JsonCodec.gson(), null);
    var message = Message.newBuilder().setQueue(queue).setSourceId(sourceId);
    message.getPayloadBuilder().setText("same");
    var delivery = io.dlqservice.dlq.v1.Delivery.newBuilder().setMessage(message).build();
    return new HeldDelivery(delivery, context, this, 0);
  }

  private HeldDelivery held() {
    return held("q", "");
  }

  @Test
  void aLostLeaseInterruptsOnlyWithTheLast() {
    HeldDelivery first = held();
    HeldDelivery second = held();
    HeldDelivery early = held();
    early.abort(Runnable::run);
    HandlerRun run = new HandlerRun(List.of(early, first, second));
    assertEquals(List.of(first, second), run.begin());
    first.abort(Runnable::run);
    assertTrue(first.cancelled().isDone());
    assertFalse(run.cancelled().isDone());
    assertFalse(Thread.currentThread().isInterrupted());
    second.abort(Runnable::run);
    assertTrue(run.cancelled().isDone());
    assertTrue(Thread.currentThread().isInterrupted());
    run.end();
    assertFalse(Thread.currentThread().isInterrupted());
  }

  @Test
  void optionsThatDoNotFitAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> worker().batchSize(1_001));
    assertThrows(IllegalArgumentException.class, () -> worker().batchSize(0));
    assertThrows(IllegalStateException.class, () -> worker().batchSize(2).start(d -> {}));
    WorkerBuilder wrapped = worker().middleware((delivery, next) -> next.handle(delivery));
    assertThrows(IllegalStateException.class, () -> wrapped.startBatches(d -> {}));
  }
}
