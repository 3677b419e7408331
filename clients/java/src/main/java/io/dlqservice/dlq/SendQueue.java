package io.dlqservice.dlq;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Sends that wait for a call, in order; those that are gone meanwhile are passed over. */
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
    bytes += send.letter.bytes();
  }

  /** Back to the front, in their order: what was tried before goes before what is new. */
  void putBack(List<PendingSend> tried) {
    for (int at = tried.size() - 1; at >= 0; at--) {
      sends.addFirst(tried.get(at));
      bytes += tried.get(at).letter.bytes();
    }
  }

  /** As many from the front as fit into one call; one that is larger goes alone. */
  List<PendingSend> take(int maxMessages, int maxBytes) {
    List<PendingSend> taken = new ArrayList<>();
    long takenBytes = 0;
    while (!sends.isEmpty() && taken.size() < maxMessages) {
      PendingSend send = sends.peekFirst();
      int own = send.letter.bytes();
      if (!send.isGone()) {
        if (!taken.isEmpty() && takenBytes + own > maxBytes) break;
        takenBytes += own;
        taken.add(send);
      }
      sends.removeFirst();
      bytes -= own;
    }
    return taken;
  }

  /** Lets go of those that are gone, however long no call takes them. */
  void sweep() {
    Deque<PendingSend> left = new ArrayDeque<>();
    bytes = 0;
    for (PendingSend send : sends) {
      if (send.isGone()) continue;
      left.addLast(send);
      bytes += send.letter.bytes();
    }
    sends = left;
  }
}
