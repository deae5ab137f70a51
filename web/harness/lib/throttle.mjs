// A slow connection. The host is slow instead of the browser, whose workers would not all be.

import { setTimeout as sleep } from 'node:timers/promises';

/** How far a connection may catch up, in milliseconds: timers come late, and no wire waits for them. */
const SLACK = 100;

/**
 * A connection that all answers share.
 *
 * @param {number} rate bytes a second
 * @returns a function that waits until so many bytes have passed
 */
export function connection(rate) {
  let free = 0;
  return async (bytes) => {
    const now = performance.now();
    free = Math.max(free, now - SLACK) + (bytes / rate) * 1000;
    await sleep(free - now);
  };
}
