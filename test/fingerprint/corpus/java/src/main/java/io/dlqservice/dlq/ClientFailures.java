package io.dlqservice.dlq;

import io.dlqservice.dlq.v1.Failure;

/** Opens a package-private class of the client. */
public final class ClientFailures {
  public static Failure of(Throwable thrown) {
    return Failures.of(thrown);
  }

  private ClientFailures() {}
}
