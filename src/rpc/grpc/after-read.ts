const waiting: (() => void)[] = [];

/**
 * Runs it when all that was read at once has been seen. A peer may take a call back in the same
 * breath as it makes it (CVE-2023-44487); begun before that is known, its work would be done for
 * nobody, and for as many calls as fit into what is read.
 */
export function afterRead(work: () => void): void {
  if (waiting.push(work) === 1) setImmediate(runAll);
}

function runAll(): void {
  for (const work of waiting.splice(0)) work();
}
