package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import io.dlqservice.dlq.testing.FakeMessage;
import io.dlqservice.dlq.v1.AckStatus;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.DlqServiceGrpc.DlqServiceBlockingStub;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.ExtendLeaseRequest;
import io.dlqservice.dlq.v1.ExtendLeaseResult;
import io.dlqservice.dlq.v1.QueueStats;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.dlqservice.dlq.v1.StatsRequest;
import io.dlqservice.dlq.v1.StatsResponse;
import io.dlqservice.dlq.v1.StreamDueRequest;
import io.dlqservice.dlq.v1.StreamDueResponse;
import io.dlqservice.dlq.v1.WatchEventsRequest;
import io.dlqservice.dlq.v1.WatchEventsResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FakeServerTest extends WithFakeServer {
  @Test
  void showsSentMessages() {
    dlq.send("orders", "a", new Exception("no bank"), SendOptions.ofSourceId("order-42"));
    FakeMessage message = fake.messages("orders").get(0);
    assertEquals("a", message.text());
    assertEquals("order-42", message.sourceId());
    assertEquals("no bank", message.failures().get(0).message());
  }

  @Test
  void showsTheFingerprintOfSendsAndAttempts() throws Exception {
    dlq.send("orders", "a", new Exception("no bank"), named("bank-down"));
    dlq.send("orders", "b", null, named("bank-down"));
    dlq.send("orders", "c", null, named("ä".repeat(1_000_000)));
    dlq.send("orders", "d", null, named(null));
    dlq.worker("orders")
        .startWithOutcomes(
            delivery -> {
              if (delivery.payload().text().equals("a")) {
                dlq.send("orders", delivery, new Exception("again"), named("shop-down"));
                return null;
              }
              return Outcome.failed(new Exception("again")).withFingerprint("shop-down");
            });
    for (FakeMessage message : fake.await("orders", MessageState.QUARANTINED, 4)) {
      List<Failure> failures = message.failures();
      assertEquals("again", failures.get(1).message());
      assertEquals("shop-down", failures.get(1).fingerprint());
      String first = failures.get(0).fingerprint();
      switch (message.text()) {
        case "a", "b" -> assertEquals("bank-down", first);
        case "c" -> assertEquals("ä".repeat(257), first); // the service cuts it to 256 bytes
        default -> assertEquals("", first);
      }
    }
    assertEquals(Outcome.Kind.DISCARDED, Outcome.discarded("old").withFingerprint("x").kind());
  }

  private static SendOptions named(String fingerprint) {
    return SendOptions.builder().fingerprint(fingerprint).maxRetries(1).build();
  }

  @Test
  void deliversUntilTheMessageSucceeds() throws Exception {
    dlq.send("orders", "a", null);
    dlq.worker("orders")
        .start(
            delivery -> {
              if (delivery.attempt() == 1) throw new Exception("once more");
            });
    FakeMessage done = fake.await("orders", MessageState.SUCCEEDED, 1).get(0);
    assertEquals("once more", done.failures().get(1).message());
  }

  @Test
  void simulatesAnOutage() {
    fake.goDown();
    SendOptions shortTimeout = SendOptions.builder().timeout(Duration.ofMillis(200)).build();
    assertEquals(SendStatus.DROPPED, dlq.send("orders", "a", null, shortTimeout).status());
    fake.comeBack();
    assertEquals(SendStatus.SENT, dlq.send("orders", "a", null).status());
  }

  @Test
  void refusesInvalidRequestsLikeTheService(@TempDir Path folder) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    SendOptions late = SendOptions.builder().delay(Duration.ofDays(366)).build();
    try (DlqClient spooling =
        DlqClient.builder(fake.target()).spool(spool).onDropped((error, queue) -> {}).build()) {
      List<CompletableFuture<SendResult>> sends =
          List.of(
              spooling.sendAsync("no name", "a", null),
              spooling.sendAsync("q".repeat(129), "a", null),
              spooling.sendAsync("orders", "a", null, late));
      for (CompletableFuture<SendResult> send : sends) {
        DlqException error = ((SendResult.Dropped) send.join()).error();
        assertEquals(ErrorKind.REFUSED, error.kind());
        assertEquals(Optional.of(Status.Code.INVALID_ARGUMENT), error.code());
      }
      assertEquals(SendStatus.SENT, spooling.send("orders", "a", null).status());
    }
  }

  @Test
  void refusesAPayloadOfMoreThanOneMebibyte() {
    int mebibyte = 1024 * 1024;
    assertEquals(SendStatus.SENT, dlq.send("orders", "x".repeat(mebibyte), null).status());
    assertEquals(SendStatus.SENT, dlq.send("orders", new byte[mebibyte], null).status());
    SendResult text = dlq.send("orders", "x".repeat(mebibyte + 1), null);
    SendResult data = dlq.send("orders", new byte[mebibyte + 1], null);
    assertRefusedAsTooLong("text", text);
    assertRefusedAsTooLong("data", data);
  }

  private static void assertRefusedAsTooLong(String field, SendResult result) {
    DlqException error = ((SendResult.Dropped) result).error();
    assertEquals(ErrorKind.REFUSED, error.kind());
    String text = error.getMessage();
    String words =
        "payload." + field + ": is 1048577 bytes long; this server accepts at most 1048576: store";
    assertTrue(text.contains(words), text);
  }

  @Test
  void errorsHaveAReason() {
    StatusRuntimeException refused =
        assertThrows(
            StatusRuntimeException.class,
            () -> stub().sendToDlq(SendToDlqRequest.getDefaultInstance()));
    assertEquals("INVALID_REQUEST", StatusDetails.reason(StatusDetails.of(refused)));
  }

  @Test
  void sendsWithoutARequestIdAreNotDeduplicated() {
    SendToDlqRequest request = SendToDlqRequest.newBuilder().setQueue("orders").build();
    assertNotEquals(stub().sendToDlq(request).getId(), stub().sendToDlq(request).getId());
    assertEquals(2, fake.messages("orders").size());
  }

  @Test
  void extendsAllLeasesOfASession() {
    dlq.send("orders", "a", null);
    dlq.send("orders", "b", null);
    Iterator<StreamDueResponse> frames =
        stub().streamDue(StreamDueRequest.newBuilder().addQueues("orders").build());
    String session = frames.next().getOpened().getSessionId();
    Set<String> leased = new HashSet<>();
    frames.next().getDeliveries().getDeliveriesList().forEach(d -> leased.add(d.getLeaseToken()));
    Set<String> extended = new HashSet<>();
    for (ExtendLeaseResult one : extendAllOf(session)) {
      assertEquals(AckStatus.ACK_STATUS_APPLIED, one.getStatus());
      extended.add(one.getLeaseToken());
    }
    assertEquals(2, extended.size());
    assertEquals(leased, extended);
    assertEquals(List.of(), extendAllOf("another"));
  }

  @Test
  void callsBackAboutItsMessages() throws Exception {
    BlockingQueue<OutcomeEvent> events = new LinkedBlockingQueue<>();
    SendOptions twice = SendOptions.builder().sourceId("order-42").maxRetries(2).build();
    try (DlqClient sender = builder().onFailed(events::add).onQuarantined(events::add).build()) {
      String id = ((SendResult.Stored) sender.send("orders", "a", null, twice)).id();
      dlq.worker("orders")
          .start(
              delivery -> {
                throw new IOException("no bank");
              });
      for (int attempt = 1; attempt <= 2; attempt++) {
        OutcomeEvent failed = next(events);
        assertEquals(id, failed.id());
        assertEquals(attempt, failed.attempts());
      }
      OutcomeEvent last = next(events);
      assertEquals(Optional.of(QuarantineReason.RETRIES_EXHAUSTED), last.quarantineReason());
      assertEquals("order-42", last.sourceId());
    }
  }

  @Test
  void streamsEventsFromATimeOrToken() {
    dlq.send("orders", "a", null);
    dlq.send("notes", "b", null);
    dlq.send("orders", "c", null, SendOptions.builder().reason(Reason.POISON_MESSAGE).build());
    WatchEventsRequest request =
        WatchEventsRequest.newBuilder()
            .addQueues("ord*")
            .setStartTime(Timestamp.getDefaultInstance())
            .build();
    WatchEventsResponse all = stub().watchEvents(request).next();
    assertEquals(
        List.of(
            EventType.EVENT_TYPE_MESSAGE_ADDED,
            EventType.EVENT_TYPE_RETRY_SCHEDULED,
            EventType.EVENT_TYPE_MESSAGE_ADDED,
            EventType.EVENT_TYPE_MOVED_TO_POISON),
        all.getEventsList().stream().map(Event::getType).toList());
    Iterator<WatchEventsResponse> later =
        stub().watchEvents(request.toBuilder().setResumeToken(all.getResumeToken()).build());
    assertEquals(0, later.next().getEventsCount());
    dlq.send("orders", "d", null);
    assertEquals(EventType.EVENT_TYPE_MESSAGE_ADDED, later.next().getEvents(0).getType());
  }

  private List<ExtendLeaseResult> extendAllOf(String session) {
    return stub()
        .extendLease(ExtendLeaseRequest.newBuilder().setSessionId(session).build())
        .getResultsList();
  }

  private DlqServiceBlockingStub stub() {
    return DlqServiceGrpc.newBlockingStub(dlq.channel());
  }

  @Test
  void countsMessagesByState() {
    SendOptions never = SendOptions.builder().reason(Reason.POISON_MESSAGE).build();
    dlq.send("orders", "a", null);
    dlq.send("orders", "b", null, never);
    dlq.send("notes", "c", null);
    StatsResponse stats =
        DlqServiceGrpc.newBlockingStub(dlq.channel()).stats(StatsRequest.getDefaultInstance());
    assertEquals(3, stats.getTotalMessages());
    assertEquals(1, stats.getTotalPoisonMessages());
    QueueStats.Builder orders = QueueStats.newBuilder().setQueue("orders");
    assertEquals(orders.setScheduled(1).setQuarantined(1).build(), stats.getQueues(1));
    fake.goDown();
    assertThrows(DlqException.class, dlq::ping);
  }
}
