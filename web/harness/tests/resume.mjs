// A run that was stopped, or whose page was reloaded in the middle, ends as if nothing had been.

import assert from 'node:assert/strict';
import { exported, losses } from '../lib/run.mjs';
import { like, t } from '../lib/words.mjs';

export const name = 'resume';
export const about = 'a stopped run and one whose page was reloaded end like an undisturbed one';
export const minutes = 40;
export const long = true;

export async function test(stage) {
  const { page, lab } = await stage.open();
  const learning = () => lab.sees(lab.text(like('run.now', { verb: t('verb.learn') })), 15 * 60_000);
  const finished = async () => {
    await lab.becomes('finished');
    return losses(exported(await lab.export()));
  };

  await lab.start();
  const undisturbed = await finished();
  assert(undisturbed.length > 0);

  const stopped = await lab.start();
  await learning();
  await lab.press('button', t('run.stop'));
  await lab.becomes('stopped');
  // What is open is remembered within seconds.
  await page.waitForTimeout(3000);
  await page.reload();
  await lab.drawn();
  await lab.shows(stopped);
  await lab.press('button', t('run.resume'));
  await lab.becomes('running');
  assert.deepEqual(await finished(), undisturbed, 'stopped and resumed');

  const reloaded = await lab.start();
  await learning();
  await page.reload();
  await lab.drawn();
  await lab.shows(reloaded);
  assert.deepEqual(await finished(), undisturbed, 'reloaded in the middle');
}
