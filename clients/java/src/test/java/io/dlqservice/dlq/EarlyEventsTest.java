package io.dlqservice.dlq;

import static io.dlqservice.dlq.EventServer.failed;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dlqservice.dlq.v1.Event;
import java.util.List;
import org.junit.jupiter.api.Test;

class EarlyEventsTest {
  private final EarlyEvents early = new EarlyEvents();

  @Test
  void returnsTheEventsOfAMessageOnceInTheirOrder() {
    List<Event> events = List.of(failed("q", "a"), failed("q", "a"));
    early.add(events.get(0), 0);
    early.add(failed("q", "b"), 0);
    early.add(events.get(1), 0);
    assertEquals(events, early.take("a", 0));
    assertEquals(List.of(), early.take("a", 0));
  }

  @Test
  void remembersTheLatestOnes() {
    for (int n = 0; n <= EarlyEvents.MAX_EVENTS; n++) early.add(failed("q", "m" + n), 0);
    assertEquals(0, early.take("m0", 0).size());
    assertEquals(1, early.take("m1", 0).size());
  }

  @Test
  void forgetsThemAfterAMinute() {
    early.add(failed("q", "a"), 0);
    early.add(failed("q", "b"), 0);
    assertEquals(1, early.take("a", 59_999).size());
    assertEquals(0, early.take("b", 60_000).size());
  }
}
