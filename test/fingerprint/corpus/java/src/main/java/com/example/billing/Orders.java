package com.example.billing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.gson.Gson;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Valid;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.constraints.Email;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;

/** Reads and checks orders. */
final class Orders {
  record Item(@NotNull String sku, @Positive int count) {}

  enum State {
    OPEN,
    PAID
  }

  record Order(
      @Positive double total,
      @NotNull @Size(max = 3) String currency,
      @Email String email,
      @Valid List<Item> items,
      State state) {}

  static final class Plain {
    int count;
    List<Item> items;
  }

  private final ObjectMapper mapper = new ObjectMapper();
  private final Validator validator =
      Validation.byDefaultProvider().configure().messageInterpolator(new ParameterMessageInterpolator())
          .buildValidatorFactory().getValidator();

  Order read(String text) throws Exception {
    return mapper.readValue(text, Order.class);
  }

  Plain readPlain(String text) {
    return new Gson().fromJson(text, Plain.class);
  }

  void check(double total, String currency, String email, List<Item> items) {
    var problems = validator.validate(new Order(total, currency, email, items, State.OPEN));
    if (!problems.isEmpty()) throw new ConstraintViolationException(problems);
  }

  static List<Item> items(Draw draw, Item item) {
    List<Item> all = new ArrayList<>();
    for (int i = 0; i < draw.index(); i++) all.add(new Item("a", 1));
    all.add(item);
    return all;
  }

  int total(String text) {
    return Integer.parseInt(text);
  }

  double sum(Draw draw, String text) {
    return Stream.of("1", text).mapToDouble(one -> total(one) * 1.0).sum();
  }

  int length(Map<String, String> order) {
    return order.get("street").length();
  }

  int items(Order order) {
    return order.items().size();
  }

  String first(List<String> names, int at) {
    return names.get(at);
  }

  int ratio(int total, int count) {
    return total / count;
  }

  void reserve(Draw draw) {
    throw new IllegalStateException(
        "item %s is out of stock: %d left, %d wanted".formatted(draw.text("hash"), draw.index(), draw.order()));
  }

  void publish(Draw draw) {
    throw new IllegalStateException("event " + draw.text("token") + " for order " + draw.order() + " has no topic");
  }

  void archive(Draw draw) {
    throw new IllegalStateException("event " + draw.text("token") + " for order " + draw.order() + " has no topic");
  }

  void cast(Object value) {
    String text = (String) value;
    text.length();
  }

  Map<String, Draw.Work> cases() {
    Map<String, Draw.Work> cases = new LinkedHashMap<>();
    cases.put("read-total-type", draw -> read("{\"total\": \"%s\"}".formatted(draw.text("word"))));
    cases.put("read-count-type", draw -> read("{\"items\": [{\"sku\": \"%s\", \"count\": \"%s\"}]}".formatted(draw.text("hash"), draw.text("word"))));
    cases.put("read-unknown-name", draw -> read("{\"name\": \"%s\"}".formatted(draw.text("name"))));
    cases.put("read-unknown-region", draw -> read("{\"total\": %d, \"region\": 1}".formatted(draw.order())));
    cases.put("read-state", draw -> read("{\"state\": \"%s\"}".formatted(draw.text("status"))));
    cases.put("read-empty", draw -> read(""));
    cases.put("read-cut", draw -> read("{\"total\": %d, \"currency".formatted(draw.order())));
    cases.put("gson-count", draw -> readPlain("{\"count\": \"%s\"}".formatted(draw.text("word"))));
    cases.put("gson-items", draw -> readPlain("{\"count\": %d, \"items\": \"%s\"}".formatted(draw.order(), draw.text("name"))));
    cases.put("check-total", draw -> check(draw.amount(), "EUR", null, null));
    cases.put("check-currency-missing", draw -> check(draw.order(), null, null, null));
    cases.put("check-currency-long", draw -> check(draw.order(), draw.text("code"), null, null));
    cases.put("check-email", draw -> check(draw.order(), "EUR", draw.text("name"), null));
    cases.put("check-sku", draw -> check(1, "EUR", null, items(draw, new Item(null, 1))));
    cases.put("check-count", draw -> check(1, "EUR", null, items(draw, new Item("a", -draw.order()))));
    cases.put("total-no-number", draw -> total(draw.text("word")));
    cases.put("sum-no-number", draw -> sum(draw, draw.text("word")));
    cases.put("no-street", draw -> length(Map.of("id", draw.text("order"))));
    cases.put("no-items", draw -> items(new Order(draw.order(), "EUR", null, null, State.PAID)));
    cases.put("first-item", draw -> first(List.of(), draw.index()));
    cases.put("by-zero", draw -> ratio(draw.order(), 0));
    cases.put("reserve", this::reserve);
    cases.put("publish", this::publish);
    cases.put("archive", this::archive);
    cases.put("cast", draw -> cast(draw.order()));
    cases.put("due-date", draw -> LocalDate.parse("x" + draw.text("bad_date")));
    cases.put("uuid", draw -> UUID.fromString(draw.text("token")));
    cases.put("state", draw -> State.valueOf(draw.text("status")));
    return cases;
  }
}
