package agent;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.Worker;

/** The worker of the README, with a handler that takes a second. */
final class SlowWorker {
  private SlowWorker() {}

  static void run(String target, String queue) {
    DlqClient dlq = DlqClient.builder(target).build();
    Worker worker =
        dlq.worker(queue)
            .start(
                delivery -> {
                  System.out.println("handling");
                  Thread.sleep(1_000);
                  System.out.println("handled");
                });
    Runtime.getRuntime().addShutdownHook(new Thread(dlq::close));
    worker.done().join();
  }
}
