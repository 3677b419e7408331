package com.example.billing;

import static com.example.billing.Draw.port;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/** Sends parcels. */
final class Shipping {
  static final class CarrierException extends RuntimeException {
    CarrierException(String parcel, int status) {
      super("carrier refused parcel " + parcel + ": HTTP " + status);
    }
  }

  enum Size {
    SMALL
  }

  record Parcel(String id, int weight, Size size) {
    @JsonCreator
    Parcel(
        @JsonProperty(value = "id", required = true) String id,
        @JsonProperty(value = "weight", required = true) int weight,
        @JsonProperty("size") Size size) {
      if (weight > 30) throw new IllegalArgumentException("parcel " + id + " weighs " + weight + " kg, limit is 30");
      this.id = id;
      this.weight = weight;
      this.size = size;
    }
  }

  private final ObjectMapper mapper = new ObjectMapper();

  void track(Draw draw, String port) throws IOException {
    var client = new OkHttpClient.Builder().readTimeout(draw.waiting()).build();
    String url = "http://track.internal:%s/parcels/%d".formatted(port, draw.order());
    try (var answer = client.newCall(new Request.Builder().url(url).build()).execute()) {
      if (answer.code() >= 400) throw new CarrierException(draw.text("uuid"), answer.code());
      mapper.readTree(answer.body().byteStream());
    }
  }

  void print(String port) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", Integer.parseInt(port)), 500);
    }
  }

  Parcel parcel(String text) throws IOException {
    return mapper.readValue(text, Parcel.class);
  }

  BigDecimal weigh(String text) {
    return new BigDecimal(text);
  }

  Map<String, Integer> byName(List<String> names) {
    return names.stream().collect(Collectors.toMap(name -> name, String::length));
  }

  String recipient(Optional<String> name) {
    return name.orElseThrow();
  }

  void remove(List<Integer> all) {
    for (Integer one : all) all.remove(one);
  }

  void pack(Draw draw) {
    throw new UnsupportedOperationException("parcel %s for %s has no size".formatted(draw.text("token"), draw.text("email")));
  }

  void route(Draw draw) {
    throw new UnsupportedOperationException("no route from %s to warehouse %s".formatted(draw.text("ip"), draw.text("customer")));
  }

  void waitFor(Draw draw) throws Exception {
    new CompletableFuture<String>().get(draw.waiting().toMillis() / 10, TimeUnit.MILLISECONDS);
  }

  Map<String, Draw.Work> cases() {
    Map<String, Draw.Work> cases = new LinkedHashMap<>();
    cases.put("track-500", draw -> track(draw, port("500")));
    cases.put("track-401", draw -> track(draw, port("401")));
    cases.put("track-timeout", draw -> track(draw, port("HANG")));
    cases.put("track-refused", draw -> track(draw, port("CLOSED")));
    cases.put("print-refused", draw -> print(port("CLOSED")));
    cases.put("parcel-weight-missing", draw -> parcel("{\"id\": \"%s\"}".formatted(draw.text("uuid"))));
    cases.put("parcel-id-missing", draw -> parcel("{\"weight\": %d}".formatted(draw.index())));
    cases.put("parcel-weight-limit", draw -> parcel("{\"id\": \"%s\", \"weight\": %d}".formatted(draw.text("uuid"), 30 + draw.order())));
    cases.put("parcel-size", draw -> parcel("{\"id\": \"a\", \"weight\": 1, \"size\": \"%s\"}".formatted(draw.text("status"))));
    cases.put("parcel-array", draw -> parcel("[%d]".formatted(draw.order())));
    cases.put("weigh", draw -> weigh(draw.text("word")));
    cases.put("by-name", draw -> byName(List.of(draw.text("name"), draw.text("name"))));
    cases.put("recipient", draw -> recipient(Optional.empty()));
    cases.put("remove", draw -> remove(new ArrayList<>(List.of(draw.order(), 2, 3))));
    cases.put("list-add", draw -> List.of(1).add(draw.order()));
    cases.put("stream-twice", draw -> {
      var names = Stream.of(draw.text("name"));
      names.count();
      names.count();
    });
    cases.put("duration", draw -> Duration.parse(draw.text("word")));
    cases.put("zone", draw -> ZoneId.of("Europe/X" + draw.text("hash")));
    cases.put("uri", draw -> URI.create("http://shop.example/" + draw.order() + "/a b"));
    cases.put("pattern", draw -> Pattern.compile("[" + draw.text("hash")));
    cases.put("base64", draw -> Base64.getDecoder().decode(draw.text("token") + "*"));
    cases.put("gzip", draw -> new GZIPInputStream(new ByteArrayInputStream(draw.text("uuid").getBytes(StandardCharsets.UTF_8))));
    cases.put("xml", draw -> {
      String text = "<parcel id='%d'><to></parcel>".formatted(draw.order());
      var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
      builder.setErrorHandler(null);
      builder.parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    });
    cases.put("process", draw -> new ProcessBuilder("/opt/labels/print", draw.text("uuid")).start());
    cases.put("class", draw -> Class.forName("com.example.carriers.Carrier"));
    cases.put("substring", draw -> draw.text("name").substring(50 + draw.index()));
    cases.put("negative-size", draw -> new ArrayList<>(-draw.order()));
    cases.put("wait", this::waitFor);
    cases.put("pack", this::pack);
    cases.put("route", this::route);
    return cases;
  }
}
