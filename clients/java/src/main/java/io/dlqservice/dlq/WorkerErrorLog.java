package io.dlqservice.dlq;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs a worker's errors, a failed handler with its stack. A stream that cannot be opened fails
 * again with each try: the same text is logged at most once a minute, and a line when it is open.
 */
final class WorkerErrorLog implements BiConsumer<DlqException, Delivery> {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final int NAMED_QUEUES = 3;
  private static final String REFUSED = "the worker of {} is refused: {}; retrying";

  private final String queues;
  private final RepeatedLines repeated;
  private boolean isBroken; // used in the thread of the listeners

  /**
   * @param repeated of all workers of a client
   */
  WorkerErrorLog(List<String> queues, RepeatedLines repeated) {
    this.repeated = repeated;
    String names =
        queues.stream()
            .limit(NAMED_QUEUES)
            .map(queue -> '"' + queue + '"')
            .collect(Collectors.joining(", "));
    String more = queues.size() > NAMED_QUEUES ? ", …" : "";
    this.queues = (queues.size() == 1 ? "queue " : "queues ") + names + more;
  }

  @Override
  public void accept(DlqException error, Delivery delivery) {
    if (error.kind() == ErrorKind.HANDLER_FAILED) {
      LOG.warn(error.getMessage(), error.getCause());
    } else if (delivery != null || repeated.mayLog(error.getMessage(), Loop.nowMs())) {
      boolean isRefused = error.kind() == ErrorKind.UNAUTHENTICATED;
      if (isRefused) LOG.warn(REFUSED, queues, error.getMessage());
      else if (delivery == null)
        LOG.warn("the worker of {} gets no messages: {}", queues, error.getMessage());
      else LOG.warn("{}", error.getMessage());
      if (delivery == null) isBroken = true;
    }
  }

  /** Logs once that messages come again, if the log says that they do not. */
  void opened() {
    if (!isBroken) return;
    isBroken = false;
    LOG.info("the worker of {} works again", queues);
  }
}
