// Nothing leaves for anywhere else, whoever tries: the page, its engine, or the keeper of the page.

import assert from 'node:assert/strict';

export const name = 'csp';
export const about = 'page and worker can reach nothing but their own host';
export const minutes = 5;

const ELSEWHERE = 'https://example.org/';

/** Every way out that a script has; each gives whether it was refused. */
async function ways(address) {
  const refused = (attempt) => attempt().then(() => false, () => true);
  const request = () =>
    new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.onload = done;
      request.onerror = () => failed(new Error('refused'));
      request.open('GET', address);
      request.send();
    });
  const socket = () =>
    new Promise((done, failed) => {
      const socket = new WebSocket(address.replace('https', 'wss'));
      socket.onopen = done;
      socket.onerror = () => failed(new Error('refused'));
    });
  return {
    fetch: await refused(() => fetch(address, { mode: 'no-cors' })),
    XMLHttpRequest: await refused(request),
    WebSocket: await refused(async () => socket()),
    import: await refused(() => import(`${address}x.js`)),
    eval: await refused(async () => new Function('return 1')()),
  };
}

export async function test(stage) {
  const { context, page } = await stage.open({
    expected: [/Content Security Policy/],
    // The browser counts them before it refuses them.
    refused: [ELSEWHERE, `${ELSEWHERE}x.js`],
  });
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  assert.match(policy, /^default-src 'none';/);
  assert.doesNotMatch(policy, /'unsafe-(inline|eval)'|https?:|\*/);

  // It is the policy that refuses, not the network of this machine.
  const violations = (who) =>
    who.evaluate(() => {
      self.violations = [];
      addEventListener('securitypolicyviolation', ({ effectiveDirective }) => self.violations.push(effectiveDirective));
    });
  const [worker] = page.workers();
  for (const who of [page, worker]) {
    await violations(who);
    const results = await who.evaluate(`(${ways})(${JSON.stringify(ELSEWHERE)})`);
    assert.deepEqual(results, { fetch: true, XMLHttpRequest: true, WebSocket: true, import: true, eval: true });
    const seen = await who.evaluate(() => self.violations);
    assert(seen.filter((directive) => directive === 'connect-src').length >= 3, seen.join(', '));
  }

  // The keeper has no policy of its own; it passes nothing on.
  const keeper = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  assert.match(keeper.url(), /\/some\/where\/sw\.js$/);
  const answer = await keeper.evaluate((address) => {
    const event = new FetchEvent('fetch', { request: new Request(address, { mode: 'no-cors' }) });
    return new Promise((done) => {
      event.respondWith = (answer) => Promise.resolve(answer).then(({ type }) => done(type));
      self.dispatchEvent(event);
    });
  }, ELSEWHERE);
  assert.equal(answer, 'error');
}
