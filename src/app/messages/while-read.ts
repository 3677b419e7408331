import { serverBusy } from "../../core/errors.ts";

/** A scan ends if its caller reads nothing for so long. */
const UNREAD_MS = 60_000;

export interface ReadOptions {
  /** Called once, when the scan is over. */
  giveBack(): void;
  /** Default: 60 s. */
  unreadMs?: number | undefined;
  /** For people: "the counts were". */
  what: string;
}

/** Passes on the values of a scan. Ends it, with BUSY, if its caller has not read for long: others wait for its slot. */
export async function* whileRead<T>(
  scan: AsyncGenerator<T>,
  { giveBack, unreadMs = UNREAD_MS, what }: ReadOptions,
): AsyncGenerator<T> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    clearTimeout(timer);
    if (isOver) return;
    isOver = true;
    void scan.return(undefined);
    giveBack();
  };
  try {
    for await (const value of scan) {
      timer = setTimeout(end, unreadMs);
      yield value;
      clearTimeout(timer);
      if (isOver) throw serverBusy(unreadMs, `${what} not read for ${unreadMs} ms`);
    }
  } finally {
    end();
  }
}
