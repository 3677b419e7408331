package golden;

/** A case: how to cause a failure, and the expected reason. */
record Failing(String library, String reason, Act act) {
  interface Act {
    void run() throws Throwable;
  }
}
