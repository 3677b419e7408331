package agent.faults;

import java.util.concurrent.CountDownLatch;

/** SIGTERM as a wish: the JVM would end at once, so its hook waits until the actor has ended. */
final class Termination {
  /** An actor. */
  interface Actor {
    void run(Termination termination) throws Exception;
  }

  private static final int FAILED = 70;

  private final CountDownLatch requested = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  private Termination() {}

  /** Runs an actor, and ends the process: with 0, also after SIGTERM, unless it throws. */
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
