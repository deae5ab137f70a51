// Fetches files of the page and unpacks those that are packed. Packing is ours and not the host's, so
// that downloads are small from any host; some hosts unpack `.gz` files on the way all the same,
// therefore it is the content that tells whether a file still is packed.

import { say } from './words.js';

/** A download that failed, in words for the person. */
export class DownloadError extends Error {}

/** The address of a file of the page. */
export function address(name) {
  return new URL(name, import.meta.url);
}

async function request(name) {
  let response;
  try {
    response = await fetch(address(name));
  } catch {
    throw new DownloadError(`${name}: ${say('offline')}`);
  }
  if (!response.ok) throw new DownloadError(`${name}: ${say('http', { status: response.status })}`);
  return response;
}

/** Passes a stream on and reports how many bytes of how many have come; `null` where nobody knows. */
function counted(response, report) {
  // The length of what a host packed itself says nothing about what comes out of it.
  const packed = response.headers.has('content-encoding');
  const all = packed ? null : Number(response.headers.get('content-length')) || null;
  let done = 0;
  return response.body.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        done += chunk.byteLength;
        report(done, all);
        controller.enqueue(chunk);
      },
    }),
  );
}

function joined(first, second) {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** The same stream, unpacked if it begins as `gzip` does. */
async function unpacked(stream) {
  const reader = stream.getReader();
  let head = new Uint8Array();
  let ended = false;
  while (head.length < 2 && !ended) {
    const { done, value } = await reader.read();
    ended = done;
    if (value) head = joined(head, value);
  }
  const whole = new ReadableStream({
    start(controller) {
      if (head.length > 0) controller.enqueue(head);
      if (ended) controller.close();
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  return gzip ? whole.pipeThrough(new DecompressionStream('gzip')) : whole;
}

async function content(name, report) {
  return unpacked(counted(await request(name), report));
}

/** A stream that broke off is a failed download; what else goes wrong is not. */
function broken(name, error) {
  const network = error instanceof TypeError && !(error instanceof DownloadError);
  return network ? new DownloadError(`${name}: ${say('offline')}`) : error;
}

/** The bytes of a file, as they lie on the host. */
export async function raw(name) {
  const response = await request(name);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw broken(name, error);
  }
}

/** The bytes of a file, unpacked. */
export async function bytes(name) {
  try {
    return new Uint8Array(await new Response(await content(name, () => {})).arrayBuffer());
  } catch (error) {
    throw broken(name, error);
  }
}

/** A compiled module. It is compiled while it comes. */
export async function wasm(name, report = () => {}) {
  const response = new Response(await content(name, report), { headers: { 'content-type': 'application/wasm' } });
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    throw broken(name, error);
  }
}
