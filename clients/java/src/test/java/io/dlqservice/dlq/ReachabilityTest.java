package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import org.junit.jupiter.api.Test;

class ReachabilityTest {
  private final Reachability reachability = new Reachability();

  @Test
  void concurrentFailuresCountAsOne() {
    reachability.failed(0, 10, CallError.UNANSWERED);
    reachability.failed(5, 10, CallError.UNANSWERED);
    assertFalse(reachability.isUnavailable(11));
    reachability.failed(20, 30, CallError.UNANSWERED);
    assertTrue(reachability.isUnavailable(31));
    reachability.answered(40);
    assertFalse(reachability.isUnavailable(41));
  }

  /** A full spool makes no calls that could find the service. */
  @Test
  void isAvailableAfter45SecondsWithoutACall() {
    reachability.failed(0, 10, CallError.UNANSWERED);
    reachability.failed(20, 30, CallError.UNANSWERED);
    assertTrue(reachability.isUnavailable(35_000));
    assertFalse(reachability.isUnavailable(45_030));
    reachability.failed(45_040, 45_050, CallError.UNANSWERED);
    assertTrue(reachability.isUnavailable(45_060));
  }

  @Test
  void ignoresFailuresOfCallsBeforeAnAnswer() {
    reachability.answered(20);
    reachability.failed(0, 30, CallError.of(Status.UNAVAILABLE.withDescription("refused")));
    reachability.failed(40, 50, CallError.UNANSWERED);
    reachability.failed(60, 70, CallError.UNANSWERED);
    assertTrue(reachability.isUnavailable(71));
    assertEquals(CallError.UNANSWERED, reachability.lastError());
  }
}
