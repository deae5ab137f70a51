// Waits for something that can only be asked about again and again.

import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is true, and gives it.
 *
 * @param {string} what what is waited for, for the message if it never comes
 * @param {() => Promise<any>} ask
 * @param {number} [timeout] in milliseconds
 */
export async function until(what, ask, timeout = 60_000) {
  const end = performance.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what}: not after ${timeout / 1000} s`);
    await sleep(250);
  }
}
