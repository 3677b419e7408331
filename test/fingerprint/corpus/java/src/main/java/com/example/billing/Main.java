package com.example.billing;

import com.google.protobuf.util.JsonFormat;
import io.dlqservice.dlq.ClientFailures;
import java.util.Map;

/** Provokes each failure, and prints what the client makes of it. */
public final class Main {
  public static void main(String[] args) throws Exception {
    Draw draw = Draw.read();
    Map<String, Map<String, Draw.Work>> parts =
        Map.of("charge", new Charge().cases(), "orders", new Orders().cases(), "store", new Store().cases(), "shipping", new Shipping().cases());
    for (String part : new String[] {"charge", "orders", "store", "shipping"}) {
      for (var one : parts.get(part).entrySet()) {
        Throwable thrown = handle(one.getValue(), draw);
        if (thrown == null) throw new IllegalStateException(one.getKey() + ": nothing failed");
        String failure = JsonFormat.printer().omittingInsignificantWhitespace().print(ClientFailures.of(thrown));
        System.out.println("{\"case\":\"" + part + "/" + one.getKey() + "\",\"failure\":" + failure + "}");
      }
    }
    System.exit(0);
  }

  private static Throwable handle(Draw.Work work, Draw draw) {
    try {
      work.run(draw);
      return null;
    } catch (Throwable thrown) {
      return thrown;
    }
  }
}
