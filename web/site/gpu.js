// What the worker sees of WebGPU. The page's address can hide it (`?device=cpu`, `?nogpu`) or cut it
// down to what every device has (`?limits=minimum`); losses and errors are told to the page.

/** Puts this between the engine and the browser's WebGPU; `devices` gets every device that is made. */
export function watch(wishes, devices) {
  if (wishes.has('nogpu') || wishes.get('device') === 'cpu') {
    Object.defineProperty(navigator, 'gpu', { value: undefined });
  }
  const { gpu } = navigator;
  if (!gpu) return;
  const request = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await request(options);
    if (adapter === null) return null;
    if (wishes.get('limits') === 'minimum') await cutDown(adapter, () => request(options));
    return reporting(adapter, devices);
  };
}

/**
 * Makes an adapter look like the least one. An engine that asks for all that the adapter has then gets
 * a device that enforces these limits. They are those of a device for which nothing was asked, which
 * takes an adapter of its own: one adapter makes one device.
 */
async function cutDown(adapter, another) {
  const least = await (await another()).requestDevice();
  const limits = {};
  for (const name in least.limits) limits[name] = least.limits[name];
  least.destroy();
  Object.defineProperty(adapter, 'limits', { value: Object.freeze(limits) });
  Object.defineProperty(adapter, 'features', { value: new Set(), configurable: true });
}

/** What the engine's runtime will not begin without, although nothing here ever reads these clocks. */
const CLOCKS = 'timestamp-query';

/**
 * Makes the devices of an adapter tell when they are lost, and what nobody caught. An adapter without clocks, as many
 * have none, seems to have them, and is never asked for any.
 */
function reporting(adapter, devices) {
  const request = adapter.requestDevice.bind(adapter);
  const without = !adapter.features.has(CLOCKS);
  if (without) Object.defineProperty(adapter, 'features', { value: new Set([...adapter.features, CLOCKS]), configurable: true });
  adapter.requestDevice = async (descriptor = {}) => {
    const asked = [...(descriptor.requiredFeatures ?? [])].filter((name) => !(without && name === CLOCKS));
    const device = await request({ ...descriptor, requiredFeatures: asked });
    devices.push(device);
    device.lost.then(({ reason, message }) => postMessage({ kind: 'lost', reason: `${reason}: ${message}` }));
    device.addEventListener('uncapturederror', ({ error }) =>
      postMessage({ kind: 'gpu-error', message: error.message }),
    );
    return device;
  };
  return adapter;
}
