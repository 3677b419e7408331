// Provokes each failure, and prints what the client makes of it.

const { failureOf } = await import(process.env.CLIENT);
const { toJson } = await import(process.env.PROTOBUF);
const { FailureSchema } = await import(process.env.SCHEMA);

process.on("uncaughtException", () => {});
process.on("unhandledRejection", () => {});

const handle = async (run) => {
  await run();
};

for (const name of ["charge", "orders", "store", "shipping"]) {
  const { CASES } = await import(`./${name}.js`);
  for (const [key, run] of Object.entries(CASES)) {
    let failure;
    try {
      await handle(run);
    } catch (error) {
      failure = toJson(FailureSchema, failureOf(error));
    }
    if (failure === undefined) throw new Error(`${key}: nothing failed`);
    process.stdout.write(`${JSON.stringify({ case: `${name}/${key}`, failure })}\n`);
  }
}
process.exit(0);
