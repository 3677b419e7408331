package agent.faults;

import com.google.gson.JsonObject;
import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.Outcome;
import io.dlqservice.dlq.Worker;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/** A worker of the fault suite: treats each message by its plan. */
public final class Consumer {
  private static final int CONCURRENCY = 16;
  private static final int LEASE_MS = 2_000;
  private static final int MAX_WORK_MS = 20;
  private static final int DRAIN_LEASES = 3;

  private final Duration lease;
  private final Random random;

  private Consumer(Duration lease, Random random) {
    this.lease = lease;
    this.random = random;
  }

  /** Runs until SIGTERM. */
  public static void run(List<String> arguments) throws Exception {
    Termination.with(termination -> run(new Flags(arguments), termination));
  }

  private static void run(Flags flags, Termination termination) throws Exception {
    Duration lease = Duration.ofMillis((long) flags.number("lease-ms", LEASE_MS));
    Consumer consumer = new Consumer(lease, new Random(flags.seed()));
    History history = new History(flags.out(), flags.text("name"), "worker");
    Recording recording = new Recording(history, request -> {});
    try (DlqClient client =
        DlqClient.builder(flags.address()).withoutSpool().intercept(recording).build()) {
      Worker worker =
          client
              .worker(flags.queues().toArray(String[]::new))
              .concurrency((int) flags.number("concurrency", CONCURRENCY))
              .leaseDuration(lease)
              .workerId(flags.text("name"))
              .drainTimeout(lease.multipliedBy(DRAIN_LEASES))
              .onError((error, delivery) -> {}) // the history has unanswered calls
              .startWithOutcomes(consumer::work);
      termination.await();
      worker.close();
    }
    recording.waitUntilEnded();
    history.end();
  }

  private Outcome work(Delivery delivery) throws InterruptedException {
    String plan = delivery.payload().json(JsonObject.class).get("plan").getAsString();
    Thread.sleep(random.nextInt(MAX_WORK_MS));
    if (fails(plan, delivery.attempt())) {
      throw new IllegalStateException("fails by plan " + plan);
    }
    if (plan.equals("slow")) Thread.sleep(lease.toMillis() * 3 / 2);
    if (plan.equals("release") && delivery.deliveryNumber() == 1) return Outcome.released();
    return switch (plan) {
      case "bad" -> Outcome.failedForGood(new IllegalStateException("fails permanently"));
      case "discard" -> Outcome.discarded("not needed");
      case "quarantine" -> Outcome.quarantined("needs an operator");
      default -> Outcome.succeeded();
    };
  }

  private static boolean fails(String plan, int attempt) {
    return switch (plan) {
      case "fail1" -> attempt == 1;
      case "fail2" -> attempt <= 2;
      case "exhaust" -> true;
      default -> false;
    };
  }
}
