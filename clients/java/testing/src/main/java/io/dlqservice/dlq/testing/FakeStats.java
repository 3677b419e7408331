package io.dlqservice.dlq.testing;

import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.v1.QueueStats;
import io.dlqservice.dlq.v1.StatsResponse;
import java.util.List;

/** Counts the messages of a fake. */
final class FakeStats {
  private FakeStats() {}

  /**
   * Counts the messages of each queue by state. Sets no other fields.
   *
   * @param queues empty for all
   */
  static StatsResponse of(List<String> queues, List<FakeMessage> messages) {
    List<String> counted =
        queues.isEmpty()
            ? messages.stream().map(FakeStats::queueOf).distinct().sorted().toList()
            : queues;
    StatsResponse.Builder stats = StatsResponse.newBuilder();
    for (String queue : counted) {
      List<FakeMessage> ofQueue =
          messages.stream().filter(one -> queueOf(one).equals(queue)).toList();
      long quarantined = count(ofQueue, MessageState.QUARANTINED);
      stats.setTotalMessages(stats.getTotalMessages() + ofQueue.size());
      stats.setTotalPoisonMessages(stats.getTotalPoisonMessages() + quarantined);
      stats.addQueues(
          QueueStats.newBuilder()
              .setQueue(queue)
              .setScheduled(count(ofQueue, MessageState.SCHEDULED))
              .setInFlight(count(ofQueue, MessageState.IN_FLIGHT))
              .setQuarantined(quarantined));
    }
    return stats.build();
  }

  private static String queueOf(FakeMessage message) {
    return message.request().getQueue();
  }

  private static long count(List<FakeMessage> messages, MessageState state) {
    return messages.stream().filter(one -> one.state() == state).count();
  }
}
