// Files that are damaged, wrong or meant to harm get a clear answer each, and the page lives on.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { adapter, readTensors, safetensors } from '../lib/model-files.mjs';
import { until } from '../lib/until.mjs';
import { t } from '../lib/words.mjs';

export const name = 'hostile-files';
export const about = 'damaged and hostile files get a clear answer, and the page lives on';
export const minutes = 15;

const STARTER = fileURLToPath(new URL('../../../assets/starter/', import.meta.url));
const read = (name) => readFileSync(STARTER + name);
const TENSORS = readTensors(`${STARTER}model.safetensors`);

/** The files of the starter model, some of them replaced. */
function model(changes) {
  return ['config.json', 'tokenizer.json', 'model.safetensors'].map((name) => ({
    name,
    content: changes[name] ?? read(name),
  }));
}

/** Weights that say they are a terabyte, in less than a kilobyte. */
function terabyte() {
  const tensor = { dtype: 'F32', shape: [1_000_000, 250_000], data_offsets: [0, 1_000_000_000_000] };
  const header = Buffer.from(JSON.stringify({ 'model.embed_tokens.weight': tensor }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}

function cutOff(name) {
  return read(name).subarray(0, 1_000_000);
}

function config(changes) {
  return JSON.stringify({ ...JSON.parse(read('config.json')), ...changes });
}

/** The same weights in one shard, with an index that may name another. */
function sharded(named) {
  const map = Object.fromEntries(Object.keys(TENSORS).map((tensor) => [tensor, named]));
  const index = { name: 'model.safetensors.index.json', content: JSON.stringify({ weight_map: map }) };
  return [...model({}).slice(0, 2), index, { name: 'a.safetensors', content: read('model.safetensors') }];
}

/** An adapter of a model. */
function adapterOf(base) {
  const { about, tensors } = adapter(JSON.parse(read('config.json')), 2, 4);
  return [
    { name: 'adapter_config.json', content: JSON.stringify({ ...about, base_model_name_or_path: base }) },
    { name: 'adapter_model.safetensors', content: safetensors(tensors) },
  ];
}

/** The beginning of a GGUF file that goes on for a terabyte. */
const ENDLESS = Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), Buffer.alloc(16, 0x7f)]);

/** What is dropped, and what has to be said about it. */
const FILES = [
  ['weights that are cut off', model({ 'model.safetensors': cutOff('model.safetensors') }), /model/],
  ['weights of another shape', model({ 'config.json': config({ hidden_size: 64 }) }), /shape|size|expects|weights/],
  ['weights of a terabyte', model({ 'model.safetensors': terabyte() }), /model/],
  ['a config that is no JSON', model({ 'config.json': '{"hidden_size": ' }), /config\.json/],
  ['a config of nonsense', model({ 'config.json': config({ num_hidden_layers: -1 }) }), /config\.json/],
  ['a tokenizer of nonsense', model({ 'tokenizer.json': '[]' }), /tokenizer/],
  ['half a model', model({}).slice(0, 2), /model\.safetensors/],
  ['a model that no tab holds', model({ 'config.json': config({ hidden_size: 16384 }) }), /GiB .* 3\.0 GiB; choose a smaller model/],
  ['a shard too few', sharded('b.safetensors'), /b\.safetensors.*shard/],
  ['shards somewhere else', sharded('../a.safetensors'), /not the name of a/],
  ['a GGUF file of garbage', [{ name: 'x.gguf', content: Buffer.alloc(5000, 7) }], /GGUF/],
  ['a GGUF file without end', [{ name: 'x.gguf', content: ENDLESS }], /GGUF/],
  ['two GGUF files', ['x.gguf', 'y.gguf'].map((name) => ({ name, content: ENDLESS })), /2 GGUF files/],
  ['an adapter of nothing', adapterOf('nobody/nothing'), /`nothing`, was not brought/],
  ['half an adapter', adapterOf('starter').slice(0, 1), /adapter_model\.safetensors/],
  ['a log of garbage', [{ name: 'events.jsonl', content: Buffer.alloc(5000, 7) }], /events|line 1|log/],
  ['a log of JSON', [{ name: 'events.jsonl', content: '{"a": 1}\n{"b": 2}\n' }], /events|line 1|log/],
  ['a packed run of garbage', [{ name: 'x.selfsame.tgz', content: Buffer.alloc(5000, 7) }], /packed run/],
  ['a packed run of nothing', [{ name: 'x.selfsame.tgz', content: gzipSync(Buffer.alloc(1024)) }], /no run|packed/],
  ['prompts that are none', [{ name: 'prompts.jsonl', content: '{"prompt": 3}\n' }], /prompts\.jsonl|line 1/],
  ['a picture', [{ name: 'picture.png', content: Buffer.alloc(100, 1) }], /picture\.png/],
];

export async function test(stage) {
  const { page, lab } = await stage.open();
  await lab.ask();
  const rows = [['what was dropped', 'what was said']];
  for (const [what, files, says] of FILES) {
    await lab.go('compose');
    await lab.press('button', t('compose.reset_all'));
    // A recipe that needs no second model, so that nothing is said before the files are read.
    await lab.press('button', /^srlm: /);
    await page.waitForTimeout(1000);
    const before = new Set(await lab.texts());
    await lab.drop(files);
    rows.push([what, await answer(lab, before, says, what)]);
    const dismiss = lab.control('button', t('app.dismiss'));
    for (let more = 0; more < 4 && (await dismiss.count()) > 0; more += 1) {
      // A notice also goes by itself.
      await dismiss.dispatchEvent('click', {}, { timeout: 2000 }).catch(() => {});
    }
  }
  stage.table(rows);
  await lab.go('compose');
  await lab.press('button', t('compose.reset_all'));
  await lab.ask();
}

/** What is said now and was not before, and is about the problem. */
async function answer(lab, before, says, what) {
  const problem = t('compose.problem', { message: '' });
  let said = [];
  try {
    return await until(what, async () => {
      const texts = await lab.texts();
      const noticed = texts.includes(t('app.problem'));
      said = texts.filter((text) => !before.has(text));
      return said.find((text) => says.test(text) && (noticed || text.startsWith(problem)));
    });
  } catch (error) {
    throw new Error(`${what}: nothing was said that fits ${says}, but: ${said.join(' | ')}`, { cause: error });
  }
}
