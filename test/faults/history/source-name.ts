import { guardedFacts } from "./guarded-facts.ts";
import { routeAt } from "./routes.ts";

/** The source of a producer's message: `ts-producer-1-17.moved.h1.o451`. @param number from 1 */
export function sourceName(producer: string, number: number): string {
  const { host, order } = guardedFacts(number);
  return [`${producer}-${number}`, routeAt(number), host, order].filter(Boolean).join(".");
}
