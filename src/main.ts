import { runCli } from "./cli/cli.ts";
import { processIo } from "./cli/io.ts";
import { backUp, restore } from "./serve/backup.ts";
import { serve } from "./serve/serve.ts";
import { tailOutbox } from "./serve/tail-outbox.ts";

const io = processIo();
process.exitCode = await runCli(io, {
  serve: (config) => serve(config, io.version),
  tailOutbox,
  backUp,
  restore,
});
