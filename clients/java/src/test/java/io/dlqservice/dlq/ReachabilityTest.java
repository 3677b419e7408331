package io.dlqservice.dlq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import org.junit.jupiter.api.Test;

class ReachabilityTest {
  private final Reachability reachability = new Reachability();

  @Test
  void callsThatWereUnderWayTogetherFailByOneFault() {
    reachability.failed(0, 10, CallError.UNANSWERED);
    reachability.failed(5, 10, CallError.UNANSWERED);
    assertFalse(reachability.isAway(11));
    reachability.failed(20, 30, CallError.UNANSWERED);
    assertTrue(reachability.isAway(31));
    reachability.answered(40);
    assertFalse(reachability.isAway(41));
  }

  /** Where nothing finds room in the spool, nothing in it finds out that the service is back. */
  @Test
  void whatNothingHasAskedForLongIsNotTakenToBeAway() {
    reachability.failed(0, 10, CallError.UNANSWERED);
    reachability.failed(20, 30, CallError.UNANSWERED);
    assertTrue(reachability.isAway(35_000));
    assertFalse(reachability.isAway(45_030));
    reachability.failed(45_040, 45_050, CallError.UNANSWERED);
    assertTrue(reachability.isAway(45_060));
  }

  @Test
  void whatFailedOfBeforeAnAnswerIsNotWhyItIsAway() {
    reachability.answered(20);
    reachability.failed(0, 30, CallError.of(Status.UNAVAILABLE.withDescription("refused")));
    reachability.failed(40, 50, CallError.UNANSWERED);
    reachability.failed(60, 70, CallError.UNANSWERED);
    assertTrue(reachability.isAway(71));
    assertEquals(CallError.UNANSWERED, reachability.lastError());
  }
}
