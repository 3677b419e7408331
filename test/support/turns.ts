/** Other work of the event loop, as short as it can be. */
export function startOtherWork() {
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    /** How often it ran. */
    get turns() {
      return turns;
    },
    stop() {
      isOver = true;
    },
  };
}
