// Prints each due order until it is stopped. Start the service first.

// [worker]
import io.dlqservice.dlq.Delivery;
import io.dlqservice.dlq.DlqClient;

// [/worker]
class OrderWorker {
  // [worker]
  static void handle(Delivery delivery) {
    System.out.println("attempt " + delivery.attempt() + " " + delivery.payload());
  }

  public static void main(String[] args) {
    DlqClient dlq = DlqClient.builder("localhost:50051").build();
    Runtime.getRuntime().addShutdownHook(new Thread(dlq::close));
    dlq.worker("orders").start(OrderWorker::handle).done().join();
  }
  // [/worker]
}
