/** Languages without tools on this machine, from `npm test`: their tests are left out. */
const leftOut = (process.env.DLQ_TEST_LEFT_OUT ?? "").split(",");

export function isLeftOut(language: string): boolean {
  return leftOut.includes(language);
}
