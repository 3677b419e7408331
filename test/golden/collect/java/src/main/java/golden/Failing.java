package golden;

/** What is made to happen, and what an operator would say of it. */
record Failing(String library, String reason, Act act) {
  interface Act {
    void run() throws Throwable;
  }
}
