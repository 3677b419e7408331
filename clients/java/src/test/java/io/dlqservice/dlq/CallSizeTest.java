package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallSizeTest {
  private static final int KIB = 1024;

  private final CallSize size = new CallSize();
  private final List<Integer> seen = new ArrayList<>();

  @Test
  void shrinksWithEachUnansweredCall() {
    for (int at = 0; at < 4; at++) {
      size.unanswered();
      seen.add(size.bytes() / KIB);
    }
    assertEquals(List.of(768, 192, 64, 64), seen);
  }

  @Test
  void doublesAfterQuickAnswersOnly() {
    size.unanswered();
    size.unanswered();
    size.answered(4_000);
    assertEquals(192 * KIB, size.bytes());
    for (int at = 0; at < 5; at++) {
      size.answered(100);
      seen.add(size.bytes() / KIB);
    }
    assertEquals(List.of(384, 768, 1536, 3072, 3072), seen);
  }
}
