package io.dlqservice.dlq;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Sends that wait for a call, in order. */
final class SendQueue {
  private Deque<PendingSend> sends = new ArrayDeque<>();
  private long bytes;

  int size() {
    return sends.size();
  }

  long bytes() {
    return bytes;
  }

  void push(PendingSend send) {
    sends.addLast(send);
    bytes += send.request.bytes();
  }

  /** Puts retried sends back to the front, in their order. */
  void putBack(List<PendingSend> tried) {
    for (int at = tried.size() - 1; at >= 0; at--) {
      sends.addFirst(tried.get(at));
      bytes += tried.get(at).request.bytes();
    }
  }

  /** Returns the sends of the next call. One above {@code maxBytes} goes alone. */
  List<PendingSend> take(int maxMessages, int maxBytes) {
    List<PendingSend> taken = new ArrayList<>();
    long takenBytes = 0;
    while (!sends.isEmpty() && taken.size() < maxMessages) {
      PendingSend send = sends.peekFirst();
      int own = send.request.bytes();
      if (!send.isDone()) {
        if (!taken.isEmpty() && takenBytes + own > maxBytes) break;
        takenBytes += own;
        taken.add(send);
      }
      sends.removeFirst();
      bytes -= own;
    }
    return taken;
  }

  /** Removes sends that need no call. */
  void sweep() {
    Deque<PendingSend> left = new ArrayDeque<>();
    bytes = 0;
    for (PendingSend send : sends) {
      if (send.isDone()) continue;
      left.addLast(send);
      bytes += send.request.bytes();
    }
    sends = left;
  }
}
