package agent.failures;

import agent.failures.Failures.Act;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Exceptions of bugs and of limits of the machine. */
final class CodeFailures {
  private static final long SHORT_MS = 10;

  private CodeFailures() {}

  static void addTo(Map<String, Act> all) {
    all.put("io: a missing file", () -> new FileInputStream("/app/missing.json").close());
    all.put("nio: a missing file", () -> Files.readString(Path.of("/app/missing")));
    if (Files.exists(Path.of("/dev/full"))) all.put("io: a full disk", CodeFailures::fillDisk);
    all.put("process: no such program", () -> new ProcessBuilder("no-such").start());
    all.put(
        "future: too slow",
        () -> new CompletableFuture<String>().get(SHORT_MS, TimeUnit.MILLISECONDS));
    all.put(
        "future: orTimeout",
        () -> new CompletableFuture<String>().orTimeout(SHORT_MS, TimeUnit.MILLISECONDS).join());
    all.put(
        "future: the task failed",
        () -> CompletableFuture.supplyAsync(() -> List.of().get(3)).join());
    all.put("executor: full", CodeFailures::fillExecutor);
    all.put("queue: full", CodeFailures::fillQueue);
    all.put("memory: an array", () -> show(new long[Integer.MAX_VALUE - 2].length));
    all.put("code: null", () -> show(((String) null).length()));
    all.put("code: an index", () -> show(new int[] {1}["abc".length()]));
    all.put("code: a string's index", () -> show("abc".substring(5).length()));
    all.put("code: another class", () -> show(((String) (Object) 5).length()));
    all.put("code: by zero", () -> show(1 / "".length()));
    all.put("code: endless recursion", () -> show(overflow(0)));
    all.put("code: nothing there", () -> Optional.empty().orElseThrow());
    all.put("code: an immutable list", () -> List.of(1).add(2));
    all.put("code: a wrong state", CodeFailures::removeNothing);
    all.put("code: a missing class", () -> Class.forName("golden.Missing"));
    all.put(
        "code: something was thrown",
        () -> {
          throw new RuntimeException("order 17 could not be processed");
        });
  }

  /** Uses a value, so that the compiler keeps the failing expression. */
  private static void show(int value) {
    System.err.println(value);
  }

  private static void fillDisk() throws Exception {
    try (FileOutputStream file = new FileOutputStream("/dev/full")) {
      file.write(1);
    }
  }

  private static void fillExecutor() {
    CountDownLatch release = new CountDownLatch(1);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new SynchronousQueue<>());
    try {
      for (int task = 0; task < 2; task++) pool.execute(() -> await(release));
    } finally {
      release.countDown();
      pool.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private static void fillQueue() {
    ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(1);
    queue.add(1);
    queue.add(2);
  }

  private static int overflow(int depth) {
    return overflow(depth + 1) + 1;
  }

  private static void removeNothing() {
    Iterator<Integer> iterator = new ArrayList<>(List.of(1)).iterator();
    iterator.remove();
  }
}
