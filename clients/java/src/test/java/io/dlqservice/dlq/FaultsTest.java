package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dlqservice.dlq.v1.SendToDlqRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client survives faults of the user's code. */
class FaultsTest extends WithFakeServer {
  /** Throws an Error for the first calls. */
  private static final class Faulty implements ClientInterceptor {
    private final AtomicInteger left;

    Faulty(int times) {
      left = new AtomicInteger(times);
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(
        MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      if (left.getAndDecrement() > 0) throw new AssertionError("a fault");
      return next.newCall(method, options);
    }
  }

  @Test
  void aSendSurvivesAnInterceptorThatThrows() {
    try (DlqClient dlq = builder().intercept(new Faulty(5)).build()) {
      assertEquals(SendStatus.SENT, dlq.send("q", "a", null).status());
    }
  }

  @Test
  void aWorkerSurvivesAnInterceptorThatThrows() throws Exception {
    try (DlqClient dlq = builder().intercept(new Faulty(2)).build()) {
      dlq.worker("q").start(delivery -> {});
      dlq.send("q", "a", null);
      fake.await("q", MessageState.SUCCEEDED, 1);
    }
  }

  private static String noToken() {
    throw new IllegalStateException("the vault is sealed");
  }

  @Test
  void withoutATokenAMessageGoesToTheSpoolAtOnce(@TempDir Path folder) throws Exception {
    AtomicReference<Supplier<String>> token = new AtomicReference<>(FaultsTest::noToken);
    try (DlqClient dlq =
        DlqClient.builder(fake.target())
            .token(() -> token.get().get())
            .timeout(Duration.ofMinutes(1))
            .spool(SpoolOptions.builder().folder(folder).build())
            .build()) {
      SendResult result = dlq.sendAsync("q", "a", null).orTimeout(30, TimeUnit.SECONDS).join();
      assertEquals(SendStatus.SPOOLED, result.status());
      token.set(() -> "token");
      fake.await("q", MessageState.SCHEDULED, 1);
    }
  }

  /** Such as a call to a vault that does not answer. */
  @Test
  void aTokenSupplierThatHangsBlocksNoSendBeyondItsTimeout(@TempDir Path folder) throws Exception {
    CountDownLatch vault = new CountDownLatch(1);
    try (DlqClient dlq =
        DlqClient.builder(fake.target())
            .token(
                () -> {
                  try {
                    vault.await();
                  } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                  }
                  return "token";
                })
            .timeout(Duration.ofMillis(300))
            .spool(SpoolOptions.builder().folder(folder).build())
            .build()) {
      SendResult result =
          CompletableFuture.supplyAsync(() -> dlq.send("q", "a", null)).get(20, TimeUnit.SECONDS);
      assertEquals(SendStatus.SPOOLED, result.status());
      vault.countDown();
      fake.await("q", MessageState.SCHEDULED, 1);
    }
  }

  @Test
  void withoutASpoolTheDropNamesWhatTheTokenSupplierThrew() {
    try (DlqClient dlq =
        builder().token(FaultsTest::noToken).timeout(Duration.ofMillis(500)).build()) {
      SendResult.Dropped dropped = (SendResult.Dropped) dlq.send("q", "a", null);
      assertEquals(ErrorKind.DEADLINE, dropped.error().kind());
      assertFalse(dropped.error().maybeStored());
      String text = dropped.error().getMessage();
      assertTrue(text.contains("there is no token: java.lang.IllegalState"), text);
      assertTrue(text.contains("the vault is sealed"), text);
    }
  }

  @Test
  void aSendThatWouldDeadlockIsDropped() {
    AtomicReference<DlqClient> client = new AtomicReference<>();
    CompletableFuture<SendResult> within = new CompletableFuture<>();
    try (DlqClient dlq =
        builder()
            .token(
                () -> {
                  within.complete(client.get().send("q", "b", null));
                  return "token";
                })
            .build()) {
      client.set(dlq);
      dlq.send("q", "a", null);
      SendResult.Dropped dropped =
          (SendResult.Dropped) within.orTimeout(5, TimeUnit.SECONDS).join();
      assertEquals(ErrorKind.INVALID, dropped.error().kind());
    }
  }

  @Test
  void anErrorInAHandlerIsAFailure() throws Exception {
    dlq.send("q", "a", null, SendOptions.builder().maxRetries(1).build());
    dlq.worker("q")
        .start(
            delivery -> {
              throw new StackOverflowError();
            });
    var failed = fake.await("q", MessageState.QUARANTINED, 1).get(0);
    assertEquals("java.lang.StackOverflowError", failed.failures().get(1).type());
  }

  @Test
  void deliveriesWaitForAFullExecutor() throws Exception {
    ExecutorService one =
        new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new SynchronousQueue<>());
    AtomicInteger maxNumber = new AtomicInteger();
    try (DlqClient dlq = builder().build()) {
      for (int n = 0; n < 10; n++) dlq.send("q", "m" + n, null);
      dlq.worker("q")
          .executor(one)
          .start(d -> maxNumber.accumulateAndGet(d.deliveryNumber(), Math::max));
      fake.await("q", MessageState.SUCCEEDED, 10);
      assertEquals(1, maxNumber.get());
    } finally {
      one.shutdown();
    }
  }

  @Test
  void aWorkerFailsIfItsExecutorIsShutDown() {
    ExecutorService ended = Executors.newSingleThreadExecutor();
    ended.shutdown();
    Worker worker = dlq.worker("q").onError((error, d) -> {}).executor(ended).start(d -> {});
    dlq.send("q", "a", null);
    CompletionException thrown =
        assertThrows(
            CompletionException.class, () -> worker.done().orTimeout(10, TimeUnit.SECONDS).join());
    assertInstanceOf(DlqException.class, thrown.getCause());
  }

  /** Before Java 21, each result could start a thread that blocks. */
  @Test
  void aBurstOfResultsStartsFewThreads() {
    fake.goDown();
    AtomicInteger dropped = new AtomicInteger();
    CountDownLatch release = new CountDownLatch(1);
    try (DlqClient dlq =
        builder()
            .timeout(Duration.ofMillis(200))
            .onDropped((error, queue) -> dropped.incrementAndGet())
            .build()) {
      for (int n = 0; n < 1_000; n++) {
        dlq.sendAsync("q", "a", null).thenRun(() -> await(release));
      }
      Poll.until(() -> dropped.get() == 1_000);
      long threads =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().startsWith("dlq-client"))
              .count();
      release.countDown();
      assertTrue(threads < 100, threads + " threads");
    }
  }

  @Test
  void aSlowListenerMissesCalls() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    Listeners listeners = new Listeners("test");
    for (int n = 0; n < 20_000; n++) {
      listeners.call(
          () -> {
            await(release);
            calls.incrementAndGet();
          });
    }
    release.countDown();
    listeners.close(0);
    Poll.until(() -> calls.get() >= 10_000);
    assertTrue(calls.get() < 20_000);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException never) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aListenerThatHangsHidesNoDrop() throws Exception {
    CountDownLatch called = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    dlq.send("q", "a", null);
    dlq.worker("q")
        .onSettled(
            (delivery, result) -> {
              called.countDown();
              await(release);
            })
        .start(delivery -> {});
    assertTrue(called.await(20, TimeUnit.SECONDS));
    try (CapturedLog logged = new CapturedLog()) {
      dlq.send("other", Double.NaN, null);
      Poll.until(() -> !logged.with("dropped a message for queue \"other\"").isEmpty());
    } finally {
      release.countDown();
    }
  }

  @Test
  void aCancelledSendThatIsSpoolingMayBeStored() {
    SendRequest message = SendRequest.of(SendToDlqRequest.getDefaultInstance());
    PendingSend send = new PendingSend(message, 0, (one, result) -> {});
    send.isSpooling = true;
    assertTrue(SendErrors.aborted(send).maybeStored());
  }

  @Test
  void aLateSendReportsAnEarlierError() {
    SendRequest message = SendRequest.of(SendToDlqRequest.getDefaultInstance());
    PendingSend send = new PendingSend(message, 0, (one, result) -> {});
    send.tryFailed(CallError.of(Status.UNAVAILABLE.withDescription("no valid certificate")), true);
    send.tryFailed(CallError.of(Status.DEADLINE_EXCEEDED.withDescription("too late")), true);
    assertTrue(SendErrors.late(send).getMessage().contains("no valid certificate"));
  }

  @Test
  void aMessageTooLongForTheSpoolIsDropped(@TempDir Path folder) {
    SpoolOptions spool = SpoolOptions.builder().folder(folder).build();
    try (DlqClient dlq =
        DlqClient.builder("127.0.0.1:1").timeout(Duration.ofMillis(50)).spool(spool).build()) {
      for (int mib : new int[] {9, 65}) {
        SendResult result = dlq.send("q", new byte[mib * 1024 * 1024], null);
        DlqException error = ((SendResult.Dropped) result).error();
        assertEquals(ErrorKind.SPOOL_FULL, error.kind());
        assertTrue(error.getMessage().contains("8388608 bytes"), error.getMessage());
      }
    }
  }

  @Test
  void acceptsTheLargestConcurrency() throws Exception {
    dlq.worker("q").concurrency(Integer.MAX_VALUE).start(delivery -> {});
    dlq.send("q", "a", null);
    fake.await("q", MessageState.SUCCEEDED, 1);
  }
}
