// A run as it is exported: a packed tar with the log in it.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

/** The files of a packed tar. */
export function unpack(bytes) {
  const tar = gunzipSync(bytes);
  const files = new Map();
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK);
    const field = (from, length) => header.subarray(from, from + length).toString().split('\0')[0];
    const size = parseInt(field(124, 12), 8);
    files.set(field(0, 100), tar.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  return files;
}

/** The records of a log. */
export function records(text) {
  return String(text)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** The records of an exported run. */
export function exported(path) {
  const log = unpack(readFileSync(path)).get('events.jsonl');
  if (!log) throw new Error(`${path} holds no events.jsonl`);
  return records(log);
}

/** The losses of a log with where each belongs, which is what a disturbance would change. */
export function losses(log) {
  return log
    .filter(({ event }) => event === 'step')
    .map(({ arm, iteration, step, loss }) => `${arm} ${iteration} ${step} ${loss}`);
}
