// Sends an order that could not be charged. Start the service first.

// [producer]
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.SendResult;
import java.util.concurrent.TimeoutException;

// [/producer]
class OrderProducer {
  record Order(int id, int amount) {}

  static void charge(Order order) throws TimeoutException {
    throw new TimeoutException("bank.example did not answer within 5 s: order " + order.id());
  }

  public static void main(String[] args) {
    // [producer]
    try (DlqClient dlq = DlqClient.builder("localhost:50051").build()) {
      Order order = new Order(17, 100);
      try {
        charge(order);
      } catch (TimeoutException error) {
        SendResult result = dlq.send("orders", order, error);
        System.out.println(result.status());
      }
    }
    // [/producer]
  }
}
