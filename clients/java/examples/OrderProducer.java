import io.dlqservice.dlq.DlqClient;
import java.net.ConnectException;

class OrderProducer {
  record Order(int id) {}

  static void charge(Order order) throws ConnectException {
    throw new ConnectException("the bank did not answer order " + order.id());
  }

  // [producer]
  public static void main(String[] args) {
    try (DlqClient dlq = DlqClient.builder("localhost:50051").build()) {
      Order order = new Order(17);
      try {
        charge(order);
      } catch (ConnectException error) {
        System.out.println(dlq.send("orders", order, error).status());
      }
    }
  }
  // [/producer]
}
