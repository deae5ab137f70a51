// The engine: draws answers and learns, on `gpu` or `cpu`.

import { amount } from '../work.mjs';

async function bytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export async function run(device, { module, model }) {
  const engine = await import(`${module}/selfsame_web.js`);
  await engine.default({ module_or_path: `${module}/selfsame_web_bg.wasm` });
  const files = ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => bytes(`${model}/${name}`));
  const speed = JSON.parse(await engine.speed(...(await Promise.all(files)), device));
  const names = Object.keys(amount).sort();
  if (names.some((name) => String(speed.amount[name]) !== String(amount[name]))) {
    throw new Error('work.mjs and web/src/speed.rs do not give the same work');
  }
  return speed;
}
