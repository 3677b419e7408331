import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Run } from "../run.ts";

/** Returns the time of the store, in ms since 1970: that of this machine may be wrong. */
export async function storeTimeMs(run: Run): Promise<number> {
  const { store } = await run.admin.getServerInfo({}, run.call);
  return store?.time === undefined ? Date.now() : timestampMs(store.time);
}
