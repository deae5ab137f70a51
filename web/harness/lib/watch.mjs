// Listens to what a browser complains about and asks for, in all its tabs and workers.

/** The longest text of a console line that is kept. */
const LONGEST = 4000;

/**
 * Watches a context.
 *
 * @param context the Playwright context
 * @param {(line: string) => void} [tell] gets every line as it comes
 * @returns `errors` on consoles and uncaught ones, `requests` as addresses, and `gone`, a promise that
 *   is rejected when a page crashes or the browser goes away: without it that would only show as a
 *   timeout, minutes later
 */
export function watch(context, tell = () => {}) {
  const errors = [];
  const requests = [];
  const complain = (text) => {
    errors.push(text);
    return text;
  };
  let lost;
  const gone = new Promise((_, failed) => {
    lost = failed;
  });
  // It is a failure for those who wait for it, and for nobody else.
  gone.catch(() => {});

  context.on('console', (message) => {
    const text = message.text().slice(0, LONGEST);
    tell(`console ${message.type()}: ${message.type() === 'error' ? complain(text) : text}`);
  });
  context.on('weberror', (event) => {
    const error = event.error();
    tell(`uncaught: ${complain((error.stack ?? String(error)).slice(0, LONGEST))}`);
  });
  context.on('request', (request) => requests.push(request.url()));
  context.on('requestfailed', (request) =>
    tell(`request failed: ${request.url()} ${request.failure()?.errorText}`),
  );
  const page = (page) => page.on('crash', () => lost(new Error('a page crashed')));
  context.pages().forEach(page);
  context.on('page', page);
  context.on('close', () => lost(new Error('the browser went away')));
  return { errors, requests, gone };
}
