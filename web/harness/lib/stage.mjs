// One test's stage: a host, a browser with a fresh profile, a page, and what was complained about.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './browser.mjs';
import { Laboratory } from './laboratory.mjs';
import { serve } from './serve.mjs';
import { table } from './table.mjs';
import { watch } from './watch.mjs';

/** Under which path pages are served, unless a test says otherwise: never the root of a host. */
const PREFIX = '/some/where/';

/** A test that cannot be done here. */
export class Skipped extends Error {}

/** What a test gets. */
export class Stage {
  constructor(name, options) {
    this.name = name;
    /** What the tests were started with: `site`, `browser`, `program`, `shots`, `failures`. */
    this.options = options;
    this.lines = [];
    this.opened = [];
    this.started = performance.now();
    /** Is rejected when a browser of this stage dies. */
    this.gone = new Promise((_, failed) => {
      this.lost = failed;
    });
    // It is a failure for those who wait for it, and for nobody else.
    this.gone.catch(() => {});
  }

  /**
   * Opens the page.
   *
   * @param {object} [how]
   * @param {string} [how.query] the wishes in its address
   * @param {object} [how.host] options of the host
   * @param {object} [how.browser] options of the browser
   * @param {(context) => Promise<void>} [how.prepare] is called before the page is loaded
   * @param {RegExp[]} [how.expected] complaints that belong to the test
   * @param {string[]} [how.refused] addresses elsewhere that the test itself asks for, in vain
   * @param {boolean} [how.draws] whether a first frame is waited for
   */
  async open({ query = '', host = {}, browser = {}, prepare, expected = [], refused = [], draws = true } = {}) {
    const server = await serve(this.options.site, { prefix: PREFIX, cache: 'max-age=600', ...host });
    this.opened.push({ close: () => server.close() });
    const { context, close } = await launch({ browser: this.options.browser, ...browser });
    const watched = watch(context, (line) => this.note(line));
    watched.gone.catch(this.lost);
    const page = context.pages()[0] ?? (await context.newPage());
    this.opened.push({ close, context, page, watched, expected, refused, url: server.url });
    page.setDefaultTimeout(60_000);
    await prepare?.(context, page);
    await page.goto(server.url + query);
    const lab = new Laboratory(page);
    if (draws) await lab.drawn();
    return { server, context, page, lab, watched };
  }

  /** Notes a line that is only shown if the test fails. */
  note(line) {
    this.lines.push(`[${((performance.now() - this.started) / 1000).toFixed(1)} s] ${line}`);
  }

  /** Says something that is always shown. */
  say(text) {
    this.note(text);
    console.log(text.replace(/^/gm, `   ${this.name}: `));
  }

  /** Shows a table; the first row is the heading. */
  table(rows) {
    this.say(table(rows));
  }

  /** What may not happen in any test: complaints that nobody expected, requests to anywhere else. */
  check() {
    for (const { watched, expected, refused, url } of this.opened.filter(({ watched }) => watched)) {
      const errors = watched.errors.filter((error) => !expected.some((known) => known.test(error)));
      assert.deepEqual(errors, [], 'complaints of the browser');
      const origin = new URL(url).origin;
      const requests = watched.requests.filter((request) => /^(https?|wss?):/.test(request));
      const elsewhere = requests.filter((request) => new URL(request).origin !== origin && !refused.includes(request));
      assert.deepEqual(elsewhere, [], 'requests to another origin');
    }
  }

  /** Keeps what may explain a failure: what was said, what was seen, what could be read. */
  async keepFailure(error) {
    const folder = this.options.failures;
    await mkdir(folder, { recursive: true });
    let read = '';
    for (const [index, { page }] of this.opened.filter(({ page }) => page).entries()) {
      await page.screenshot({ path: join(folder, `${this.name}-${index}.png`) }).catch(() => {});
      const words = page.locator('body').ariaSnapshot({ timeout: 5000 });
      read += await words.catch((e) => `(nothing could be read: ${e.message})`);
    }
    const text = `${error.stack}\n\n${this.lines.join('\n')}\n\n${read}\n`;
    await writeFile(join(folder, `${this.name}.txt`), text);
  }

  /** Closes everything. */
  async close() {
    for (const { close } of this.opened.reverse()) await close();
  }
}
