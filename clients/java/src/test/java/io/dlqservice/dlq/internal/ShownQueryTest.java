package io.dlqservice.dlq.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShownQueryTest {
  private record Case(String query, List<String> names, String shown) {}

  /** The cases of all clients. */
  private static Stream<Case> cases() throws IOException {
    String json = Files.readString(Path.of("../scenarios/queries.json"));
    return Stream.of(new Gson().fromJson(json, Case[].class));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void hidesSecrets(Case one) {
    List<String> names = one.names() == null ? List.of() : one.names();
    assertEquals(one.shown(), new ShownQuery(names).of(one.query()));
  }
}
