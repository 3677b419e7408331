package agent.load;

import com.google.gson.JsonObject;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendOptions;
import io.dlqservice.dlq.SendResult;
import io.dlqservice.dlq.SendResult.Dropped;
import io.dlqservice.dlq.Worker;
import io.dlqservice.dlq.v1.DlqServiceGrpc;
import io.dlqservice.dlq.v1.StatsRequest;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/** The load of the bench, through the client. */
final class ClientLoad {
  private static final Exception ERROR =
      new IllegalStateException("shop.example did not answer within 5 s");
  private static final SendOptions NOW = SendOptions.builder().delay(Duration.ZERO).build();
  private static final String CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final double NS_PER_SECOND = 1e9;

  private final DlqClient client;

  ClientLoad(DlqClient client) {
    this.client = client;
  }

  /** Sends from one thread without blocking: as many sends are pending as there would be callers. */
  void send(JsonObject command, Tally tally) throws InterruptedException {
    String[] names = queuesOf(command);
    String text = payload(command.get("bytes").getAsInt());
    int callers = command.get("inFlight").getAsInt() * command.get("batch").getAsInt();
    int count = command.has("count") ? command.get("count").getAsInt() : Integer.MAX_VALUE;
    long endAtNs = endAtNs(command);
    Semaphore free = new Semaphore(callers);
    AtomicReference<Dropped> dropped = new AtomicReference<>();
    for (int number = 0; number < count && System.nanoTime() < endAtNs; number++) {
      free.acquire();
      double beganMs = Tally.nowMs();
      client
          .sendAsync(names[number % names.length], text, ERROR, NOW)
          .thenAccept(
              result -> {
                record(result, beganMs, tally, dropped);
                free.release();
              });
    }
    free.acquire(callers);
    if (dropped.get() != null) throw dropped.get().error();
  }

  private static void record(
      SendResult result, double beganMs, Tally tally, AtomicReference<Dropped> dropped) {
    if (result instanceof Dropped lost) {
      dropped.set(lost);
    } else {
      tally.took(Tally.nowMs() - beganMs);
      tally.add();
    }
  }

  void consume(JsonObject command, Tally tally, CountDownLatch stop) throws InterruptedException {
    // A worker prefetches as many deliveries again.
    int concurrency = (command.get("inFlight").getAsInt() + 1) / 2;
    try (Worker worker =
        client
            .worker(queuesOf(command))
            .concurrency(concurrency)
            .onSettled((delivery, settled) -> tally.add())
            .start(delivery -> {})) { // the bench measures the client, not the handler
      stop.await();
    }
  }

  /** Counts messages that are due or in flight. */
  long left(JsonObject command) {
    StatsRequest.Builder request = StatsRequest.newBuilder();
    for (String name : queuesOf(command)) request.addQueues(name);
    return DlqServiceGrpc.newBlockingStub(client.channel())
        .stats(request.build())
        .getQueuesList()
        .stream()
        .mapToLong(queue -> queue.getDueNow() + queue.getInFlight())
        .sum();
  }

  private static String[] queuesOf(JsonObject command) {
    String queue = command.get("queue").getAsString();
    int queues = command.has("queues") ? command.get("queues").getAsInt() : 1;
    return IntStream.range(0, queues)
        .mapToObj(index -> index == 0 ? queue : String.format(Locale.ROOT, "%s-%d", queue, index))
        .toArray(String[]::new);
  }

  private static long endAtNs(JsonObject command) {
    if (!command.has("seconds")) return Long.MAX_VALUE;
    return System.nanoTime() + (long) (command.get("seconds").getAsDouble() * NS_PER_SECOND);
  }

  /** Random characters, so that compression does not help. */
  private static String payload(int bytes) {
    Random random = new Random();
    StringBuilder text = new StringBuilder(bytes);
    for (int at = 0; at < bytes; at++) text.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
    return text.toString();
  }
}
