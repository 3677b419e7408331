package com.example.billing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.time.Duration;

/** The values of one run. */
record Draw(JsonNode values) {
  static Draw read() throws IOException {
    return new Draw(new ObjectMapper().readTree(new File("draws.json")).get(System.getenv("DRAW")));
  }

  String text(String name) {
    return values.get(name).asText();
  }

  int order() {
    return values.get("order").asInt();
  }

  int index() {
    return values.get("index").asInt();
  }

  double amount() {
    return values.get("amount").asDouble();
  }

  Duration waiting() {
    return Duration.ofMillis((long) (values.get("wait_s").asDouble() * 1000));
  }

  static String port(String name) {
    return System.getenv("PORT_" + name);
  }

  /** Work that fails. */
  interface Work {
    void run(Draw draw) throws Exception;
  }
}
