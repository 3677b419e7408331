package io.dlqservice.dlq.testing;

import io.dlqservice.dlq.MessageState;
import io.dlqservice.dlq.v1.Event;
import io.dlqservice.dlq.v1.EventType;
import io.dlqservice.dlq.v1.WatchEventsRequest;
import io.dlqservice.dlq.v1.WatchEventsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What happened to the messages of a fake, and the calls that watch it. */
final class FakeEvents {
  private record Watch(
      WatchEventsRequest request, ServerCallStreamObserver<WatchEventsResponse> out) {}

  private final List<Event> events = new ArrayList<>();
  private final List<Watch> watches = new ArrayList<>();

  /**
   * Adds what happened to a message, and then where it went by it.
   *
   * @param type EVENT_TYPE_UNSPECIFIED if only that matters
   */
  void add(EventType type, FakeMessage message) {
    if (type != EventType.EVENT_TYPE_UNSPECIFIED) publish(type, message);
    boolean isReleased = type == EventType.EVENT_TYPE_RELEASED;
    if (message.state() == MessageState.SCHEDULED && !isReleased) {
      publish(EventType.EVENT_TYPE_RETRY_SCHEDULED, message);
    } else if (message.state() == MessageState.QUARANTINED) {
      publish(EventType.EVENT_TYPE_MOVED_TO_POISON, message);
    }
  }

  private void publish(EventType type, FakeMessage message) {
    events.add(message.event(type, "fake-" + events.size()));
    watches.removeIf(watch -> watch.out.isCancelled());
    watches.forEach(watch -> send(watch, events.size() - 1));
  }

  /** Streams events from the resume token, else from the start time, else from now on. */
  void watch(WatchEventsRequest request, ServerCallStreamObserver<WatchEventsResponse> out) {
    out.setOnCancelHandler(() -> {}); // otherwise later writes would throw
    Watch watch = new Watch(request, out);
    watches.add(watch);
    send(watch, startOf(request));
  }

  void endAll(Throwable error) {
    watches.forEach(watch -> watch.out.onError(error));
    watches.clear();
  }

  /** A resume token is the number of events before it. */
  private int startOf(WatchEventsRequest request) {
    if (!request.getResumeToken().isEmpty()) return Integer.parseInt(request.getResumeToken());
    if (!request.hasStartTime()) return events.size();
    Instant start = FakeServer.instant(request.getStartTime());
    int at = 0;
    while (at < events.size() && FakeServer.instant(events.get(at).getTime()).isBefore(start)) at++;
    return at;
  }

  private void send(Watch watch, int from) {
    List<Event> next = events.subList(from, events.size());
    watch.out.onNext(
        WatchEventsResponse.newBuilder()
            .addAllEvents(next.stream().filter(one -> isWanted(one, watch.request)).toList())
            .setResumeToken("" + events.size())
            .build());
  }

  private static boolean isWanted(Event event, WatchEventsRequest request) {
    List<EventType> types = request.getTypesList();
    return (types.isEmpty() || types.contains(event.getType()))
        && (request.getQueuesCount() == 0
            || request.getQueuesList().stream().anyMatch(one -> matches(one, event.getQueue())));
  }

  /** In a pattern {@code *} stands for any characters. */
  private static boolean matches(String pattern, String queue) {
    return queue.matches(pattern.replace(".", "\\.").replace("*", ".*"));
  }
}
