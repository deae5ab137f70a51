// After the first visit the page opens without a connection, and a model answers. It makes no difference
// whether the host packs files on the way.

import assert from 'node:assert/strict';
import { t } from '../lib/words.mjs';

export const name = 'offline';
export const about = 'the second visit needs no connection';
export const minutes = 10;

export async function test(stage) {
  for (const packs of [false, true]) {
    const { server, context, page, lab } = await stage.open({ host: { packs } });
    await lab.kept();
    const sent = server.log.filter(({ status }) => status === 200).length;

    // The host is gone as well: a worker of the browser's might not know that it is offline.
    await context.setOffline(true);
    server.close();
    await page.reload();
    await lab.drawn();
    await lab.shows(t('app.recorded'));
    await lab.ask();
    assert.equal(server.log.filter(({ status }) => status === 200).length, sent);
  }
}
