package agent.faults;

import agent.faults.MessageMaker.Draft;
import io.dlqservice.dlq.DlqClient;
import io.dlqservice.dlq.DlqException;
import io.dlqservice.dlq.ErrorKind;
import io.dlqservice.dlq.SpoolOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A producer of the fault suite: sends at a steady rate through a client with a spool. The service
 * must accept in the end what it does not refuse permanently: a send that is dropped, left in the
 * spool, or without an answer ends this program with an error.
 */
public final class Producer {
  /** Limit of pending sends: a slow machine answers so many before their deadline. */
  private static final int MAX_PENDING = 500;

  /** Limit of spooled messages, so that the spool empties in time, however slow the machine is. */
  private static final int MAX_SPOOLED = 20_000;

  private static final long CHECK_MS = 10;
  private static final double NS_PER_SECOND = 1e9;

  /** How long the spool may take to empty after the last fault. */
  private static final long EMPTY_WITHIN_MS = 180_000;

  private final Flags flags;
  private final Termination termination;
  private final AtomicInteger settled = new AtomicInteger();
  private final Set<String> unanswered = ConcurrentHashMap.newKeySet();
  private final AtomicInteger refused = new AtomicInteger();
  private final List<String> dropped = new CopyOnWriteArrayList<>();

  private Producer(Flags flags, Termination termination) {
    this.flags = flags;
    this.termination = termination;
  }

  /** Runs until all messages are sent, or SIGTERM. */
  public static void run(List<String> arguments) throws Exception {
    Termination.with(termination -> new Producer(new Flags(arguments), termination).run());
  }

  private void run() throws Exception {
    Path spool = Path.of(flags.text("out").replaceFirst("\\.[^./]*$", "") + ".spool-folder");
    History history = new History(flags.out(), flags.text("name"), "producer");
    Recording recording = new Recording(history, unanswered::remove);
    try (DlqClient client =
        DlqClient.builder(flags.address())
            .spool(SpoolOptions.builder().folder(spool).build())
            .intercept(recording)
            .onDropped(this::onDropped)
            .build()) {
      produce(client);
      client.flush();
      waitUntilEmpty(spool);
    }
    recording.waitUntilEnded();
    history.end();
    check();
  }

  private void produce(DlqClient client) throws InterruptedException {
    MessageMaker messages =
        new MessageMaker(flags.text("name"), flags.queues(), flags.plans(), flags.seed());
    int count = (int) flags.number("messages", 0);
    double rate = flags.number("rate", 1);
    double dueAtNs = System.nanoTime();
    while (messages.made() < count && !termination.isRequested()) {
      long nowNs = System.nanoTime();
      if (client.status().spool().orElseThrow().messages() >= MAX_SPOOLED) {
        dueAtNs = nowNs + NS_PER_SECOND / rate;
      }
      while (dueAtNs <= nowNs && messages.made() < count) {
        if (messages.made() - settled.get() >= MAX_PENDING) {
          dueAtNs = nowNs;
          break;
        }
        send(client, messages.next());
        dueAtNs += NS_PER_SECOND / rate;
      }
      Thread.sleep(CHECK_MS);
    }
  }

  private void send(DlqClient client, Draft draft) {
    unanswered.add(draft.requestId());
    client
        .sendAsync(
            draft.queue(), draft.text(), new IllegalStateException("it broke"), draft.options())
        .thenRun(settled::incrementAndGet);
  }

  private void onDropped(DlqException error, String queue) {
    if (error.kind() == ErrorKind.REFUSED) refused.incrementAndGet();
    else dropped.add(error.kind() + ": " + error.getMessage());
  }

  private static void waitUntilEmpty(Path spool) throws Exception {
    long endMs = System.currentTimeMillis() + EMPTY_WITHIN_MS;
    while (hasFiles(spool)) {
      if (System.currentTimeMillis() > endMs) {
        throw new IllegalStateException("messages are left in " + spool);
      }
      Thread.sleep(CHECK_MS);
    }
  }

  private static boolean hasFiles(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return false;
    try (Stream<Path> files = Files.walk(folder)) {
      return files.anyMatch(file -> file.toString().endsWith(".spool"));
    } catch (UncheckedIOException removed) {
      return true; // check again
    }
  }

  private void check() {
    if (!dropped.isEmpty()) {
      throw new IllegalStateException(dropped.size() + " sends were dropped, " + dropped.get(0));
    }
    // The history has each try of a refused send.
    if (unanswered.size() > refused.get()) {
      throw new IllegalStateException(unanswered.size() + " sends have no answer");
    }
  }
}
