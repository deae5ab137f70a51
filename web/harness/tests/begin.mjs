// When the page cannot begin it says why and what to do, and never stays blank.

import assert from 'node:assert/strict';

export const name = 'begin';
export const about = 'a page that cannot begin says why';
export const minutes = 3;

const MODULE = 'pkg/page/selfsame_page_bg.wasm.xz';
const UNPACKS = 'pkg/unpack/selfsame_unpack_bg.wasm';

/** What `printf 'not a module' | xz --check=crc32` gives. */
const NO_MODULE = Buffer.from(
  '/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQALbm90IGEgbW9kdWxlAPSi02oAASAMot20vJBCmQ0BAAAAAAFZWg==',
  'base64',
);

/** What stands in the way, and what is said about it. */
const OBSTACLES = [
  {
    host: { instead: new Map([[MODULE, null]]) },
    reason: /could not be loaded .*the host answered 404/,
    expected: [/404/, /DownloadError/],
  },
  {
    host: { instead: new Map([[UNPACKS, null]]) },
    reason: /could not be loaded .*unpack.*the host answered 404/,
    expected: [/404/, /DownloadError/],
  },
  {
    host: { instead: new Map([[MODULE, Buffer.from('<!doctype html>')]]) },
    reason: /could not be loaded .*damaged/,
    expected: [/DownloadError/],
  },
  {
    host: { instead: new Map([[MODULE, NO_MODULE.subarray(0, -1)]]) },
    reason: /could not be loaded .*damaged/,
    expected: [/DownloadError/],
  },
  {
    host: { instead: new Map([[MODULE, NO_MODULE]]) },
    reason: /refused to run/,
    expected: [/CompileError/],
  },
  {
    prepare: (context) =>
      context.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null;
      }),
    reason: /no WebGL2/,
    expected: [/no_webgl/],
  },
  {
    prepare: (context) =>
      context.addInitScript(() => {
        delete globalThis.TransformStream;
      }),
    reason: /too old.*TransformStream/,
    expected: [/too_old/],
  },
];

export async function test(stage) {
  for (const { reason, ...how } of OBSTACLES) {
    const { page } = await stage.open({ ...how, draws: false });
    await page.getByRole('alert').waitFor();
    assert.match(await page.locator('#reason').textContent(), reason);
    assert.notEqual(await page.locator('#remedy').textContent(), '');
    assert(await page.getByRole('button', { name: 'Reload' }).isVisible());
  }
  const { page } = await stage.open({ browser: { scripts: false }, draws: false });
  const words = page.locator('noscript p');
  await words.waitFor();
  assert.match(await words.innerText(), /needs JavaScript and WebAssembly/);
  assert.equal(await page.getByRole('progressbar').count(), 0, 'a page that does nothing looks busy');
}
