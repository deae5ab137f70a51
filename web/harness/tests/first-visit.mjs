// The story of a first visit: the recorded run, a lesson, a run of one's own, compared, exported, and
// there again after a reload.

import assert from 'node:assert/strict';
import { exported, losses } from '../lib/run.mjs';
import { like, t } from '../lib/words.mjs';

export const name = 'first-visit';
export const about = 'from the first frame to an exported run that is there after a reload';
export const minutes = 40;

export async function test(stage) {
  const { page, lab } = await stage.open();

  await lab.shows(t('app.recorded'));
  await lab.go('lessons');
  await lab.press('button', /^2\. /);
  await lab.sees(lab.control('heading', 'Exercise'));

  // With the mouse, as nearly everybody does.
  await lab.point('button', t('app.run_demo'));
  await lab.sees(lab.control('combobox', /scir-seed1-/));
  await lab.becomes('running');
  const run = await lab.shown();
  for (const verb of ['sample', 'learn', 'measure']) {
    await lab.sees(lab.text(like('run.now', { verb: t(`verb.${verb}`) })), 15 * 60_000);
    stage.say(`${verb} after ${await seconds(page)} s`);
  }
  // As long as the test itself may take: a busy machine is slow, not wrong.
  await lab.becomes('finished', minutes * 60_000);
  stage.say(`finished after ${await seconds(page)} s`);

  await lab.go('compare');
  for (const letter of ['A', 'B']) {
    const name = like('compare.run', { letter });
    await lab.sees(lab.mirror.locator('[role=checkbox][aria-checked=true]').filter({ hasText: name }).first());
  }
  await lab.sees(lab.text(t('compare.figures_title')));

  const log = exported(await lab.export());
  assert.equal(log[0].event, 'started');
  assert.equal(log.at(-1).event, 'finished');
  assert.deepEqual([...new Set(log.map(({ arm }) => arm))], ['main', 'random_labels', 'oracle_labels']);
  assert(losses(log).length > 0);

  // What is open is remembered within seconds.
  await page.waitForTimeout(3000);
  await page.reload();
  await lab.drawn();
  await lab.shows(run);
  await lab.becomes('finished');
}

async function seconds(page) {
  return page.evaluate(() => (performance.now() / 1000).toFixed(0));
}
