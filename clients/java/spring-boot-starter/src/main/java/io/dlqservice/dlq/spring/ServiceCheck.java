package io.dlqservice.dlq.spring;

import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqException;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Asks the service for a health indicator. */
final class ServiceCheck {
  private ServiceCheck() {}

  /**
   * Returns why the service does not answer; empty if it does.
   *
   * @param details gets the time of the answer, and what waits in the spool
   */
  static Optional<DlqException> of(DlqClient client, BiConsumer<String, Object> details) {
    client
        .status()
        .spool()
        .ifPresent(
            spool -> {
              details.accept("spooledMessages", spool.messages());
              details.accept("spooledBytes", spool.bytes());
              details.accept("oldestSpooledAge", spool.oldestAge().toString());
            });
    try {
      details.accept("responseTime", client.ping().toString());
      return Optional.empty();
    } catch (DlqException failed) {
      return Optional.of(failed);
    }
  }
}
