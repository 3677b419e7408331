package agent.faults;

import java.util.concurrent.CountDownLatch;

/** Turns SIGTERM into a request: the shutdown hook keeps the JVM alive until the actor has ended. */
final class Termination {
  /** A producer or a worker. */
  interface Actor {
    void run(Termination termination) throws Exception;
  }

  private static final int FAILED = 70;

  private final CountDownLatch requested = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  private Termination() {}

  /** Runs an actor and exits, with 0 unless it throws. */
  static void with(Actor actor) {
    Termination termination = new Termination();
    int[] code = {0};
    Thread hook =
        new Thread(
            () -> {
              termination.requested.countDown();
              try {
                termination.ended.await();
              } catch (InterruptedException never) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(code[0]);
            });
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      actor.run(termination);
    } catch (Throwable thrown) {
      thrown.printStackTrace();
      code[0] = FAILED;
    }
    termination.ended.countDown();
    System.exit(code[0]);
  }

  boolean isRequested() {
    return requested.getCount() == 0;
  }

  void await() throws InterruptedException {
    requested.await();
  }
}
