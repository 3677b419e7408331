/** Worker sessions that operators have made quiet: their streams get no further messages. */
export interface QuietSessions {
  /**
   * Makes a session quiet for 13 hours. `by`: who does. Returns false if it was quiet before. Rejects with LIMIT if 10,000
   * sessions are quiet.
   */
  add(sessionId: string, by: string): Promise<boolean>;
  /** Returns false if the session was not quiet. */
  remove(sessionId: string): Promise<boolean>;
  /** Returns those of the sessions, which have open streams, that are quiet. They are for at least 12 more hours. */
  keep(sessionIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** `workers` and `stats` show from now on whether an open stream of this server is quiet. Retries if that fails. */
  show(sessionId: string, quiet: boolean): Promise<void>;
}
