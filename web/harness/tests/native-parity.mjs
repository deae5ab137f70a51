// The same run in the browser and by the native program, line by line.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exported, records } from '../lib/run.mjs';
import { Skipped } from '../lib/stage.mjs';

export const name = 'native-parity';
export const about = 'a run in the browser and one of the native program have the same numbers';
export const minutes = 20;

/** How far the numbers of the first step may be apart; later ones follow from answers that may differ. */
const NEAR = 1e-3;

/** The share of answers before any learning that have to be the same, token for token. */
const SAME = 0.99;

/** The log that the native program makes of a recipe. */
async function native(program, recipe) {
  const folder = await mkdtemp(join(tmpdir(), 'selfsame-native-'));
  try {
    const out = join(folder, 'run');
    const words = ['run', recipe, '--quick', '--no-controls', '--seed', '1', '--device', 'cpu', '--out', out];
    await promisify(execFile)(program, words, { maxBuffer: 1 << 26 });
    return records(await readFile(join(out, 'events.jsonl')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Records of one kind by where they belong. */
function by(log, event, key) {
  return new Map(log.filter((record) => record.event === event).map((record) => [key(record), record]));
}

/** Pairs of records of two logs that belong to the same place. */
function pairs(first, second, event, key) {
  const others = by(second, event, key);
  const all = [...by(first, event, key)].map(([place, record]) => [record, others.get(place)]);
  assert(all.length > 0 && all.every(([, other]) => other), `the logs have other places of ${event}`);
  return all;
}

/** Answers of two logs that belong to the same place, with that place. */
function answers(browser, program) {
  const place = ({ arm, iteration, purpose, first }) => `${arm} ${iteration} ${purpose} ${first}`;
  return pairs(browser, program, 'sampled', place).flatMap(([a, b]) =>
    a.answers.flatMap((row, index) =>
      row.map((answer, sample) => ({
        place: `${a.arm} ${a.iteration} ${a.purpose}`,
        prompt: a.first + index,
        sample,
        iteration: a.iteration,
        same: String(answer.ids) === String(b.answers[index]?.[sample]?.ids),
      })),
    ),
  );
}

function share(all) {
  return all.filter(({ same }) => same).length / all.length;
}

/** The largest difference of judges' scores of answers that are the same; `null` if no judge gave any. */
function scoresApart(browser, program, all) {
  if (![...browser, ...program].some(({ event }) => event === 'judged')) return null;
  const place = ({ arm, iteration, judge }) => `${arm} ${iteration} ${judge}`;
  const apart = pairs(browser, program, 'judged', place).flatMap(([a, b]) =>
    all
      .filter(({ place, same }) => same && place === `${a.arm} ${a.iteration} train`)
      .map(({ prompt, sample }) => Math.abs(a.scores[prompt][sample] - b.scores[prompt][sample])),
  );
  return Math.max(0, ...apart);
}

/** The differences of losses, step by step. */
function lossesApart(browser, program) {
  const place = ({ arm, iteration, step }) => `${arm} ${iteration} ${step}`;
  return pairs(browser, program, 'step', place).map(([a, b]) => Math.abs(a.loss - b.loss));
}

export async function test(stage) {
  const { program } = stage.options;
  if (!program) throw new Skipped('which native program? (--program PATH)');
  const rows = [
    ['recipe', 'answers', 'same before learning', 'same in all', 'scores apart', 'first loss apart', 'losses apart'],
  ];
  const { lab } = await stage.open();
  let judged = 0;
  for (const recipe of ['scir', 'srlm']) {
    await lab.start({ recipe, device: 'cpu' });
    await lab.becomes('finished');
    const here = exported(await lab.export());
    const there = await native(program, recipe);
    const all = answers(here, there);
    const before = share(all.filter(({ iteration }) => iteration === 0));
    const losses = lossesApart(here, there);
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    const scores = scoresApart(here, there, all);
    const numbers = [scores, losses[0], Math.max(...losses)].map((n) => n?.toExponential(1) ?? 'none');
    rows.push([recipe, all.length, percent(before), percent(share(all)), ...numbers]);
    assert(before >= SAME, `${recipe}: only ${percent(before)} of the answers before learning are the same`);
    assert(losses[0] <= NEAR, `${recipe}: the first losses are ${losses[0]} apart`);
    if (scores === null) continue;
    judged += 1;
    assert(scores <= NEAR, `${recipe}: the scores of the same answers are ${scores} apart`);
  }
  assert(judged > 0, 'no recipe has a judge whose scores are in the log');
  stage.table(rows);
}
