package com.example.billing;

import static com.example.billing.Draw.port;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/** Calls the bank. */
final class Charge {
  static final class ChargeFailed extends RuntimeException {
    ChargeFailed(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private final HttpClient http = HttpClient.newHttpClient();

  void charge(Draw draw, String port, String host) throws IOException, InterruptedException {
    String url = "http://%s:%s/v1/charges/%d".formatted(host, port, draw.order());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url)).timeout(draw.waiting()).POST(BodyPublishers.ofString("{}")).build();
    var answer = http.send(request, BodyHandlers.ofString());
    if (answer.statusCode() >= 400) {
      throw new IOException("charge of order %d: bank answered %d".formatted(draw.order(), answer.statusCode()));
    }
    new ObjectMapper().readTree(answer.body());
  }

  void refund(Draw draw, String port) throws IOException {
    OkHttpClient client = new OkHttpClient.Builder().callTimeout(draw.waiting()).build();
    String url = "http://bank.internal:%s/v1/charges/%d/refunds?trace=%s".formatted(port, draw.order(), draw.text("uuid"));
    try (var answer = client.newCall(new Request.Builder().url(url).build()).execute()) {
      if (!answer.isSuccessful()) throw new IOException("Unexpected code " + answer);
      new ObjectMapper().readTree(answer.body().string());
    }
  }

  void settle(Draw draw, String port) {
    try {
      charge(draw, port, "bank.internal");
    } catch (IOException | InterruptedException error) {
      throw new ChargeFailed("order " + draw.order() + " of " + draw.text("email") + " is not settled", error);
    }
  }

  void book(Draw draw, String port) {
    try {
      refund(draw, port);
    } catch (IOException error) {
      throw new ChargeFailed("order " + draw.order() + " of " + draw.text("email") + " is not settled", error);
    }
  }

  void later(Draw draw, String port) throws Exception {
    CompletableFuture.supplyAsync(
            () -> {
              settle(draw, port);
              return 1;
            })
        .get();
  }

  Map<String, Draw.Work> cases() {
    Map<String, Draw.Work> cases = new LinkedHashMap<>();
    cases.put("charge-500", draw -> charge(draw, port("500"), "bank.internal"));
    cases.put("charge-503", draw -> charge(draw, port("503"), "bank.internal"));
    cases.put("charge-404", draw -> charge(draw, port("404"), "bank.internal"));
    cases.put("charge-timeout", draw -> charge(draw, port("HANG"), "bank.internal"));
    cases.put("charge-refused", draw -> charge(draw, port("CLOSED"), "bank.internal"));
    cases.put("charge-cut", draw -> charge(draw, port("CUT"), "bank.internal"));
    cases.put("charge-broken-json", draw -> charge(draw, port("BROKEN"), "bank.internal"));
    cases.put("charge-html", draw -> charge(draw, port("HTML"), "bank.internal"));
    cases.put("refund-500", draw -> refund(draw, port("500")));
    cases.put("refund-429", draw -> refund(draw, port("429")));
    cases.put("refund-timeout", draw -> refund(draw, port("HANG")));
    cases.put("refund-refused", draw -> refund(draw, port("CLOSED")));
    cases.put("refund-cut", draw -> refund(draw, port("CUT")));
    cases.put("settle-timeout", draw -> settle(draw, port("HANG")));
    cases.put("book-timeout", draw -> book(draw, port("HANG")));
    cases.put("later-500", draw -> later(draw, port("500")));
    return cases;
  }
}
