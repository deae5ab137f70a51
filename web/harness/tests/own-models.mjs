// A model of one's own is the same model in every form: in one file, in shards, as GGUF, as an adapter upon another.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gguf } from '../lib/gguf.mjs';
import { adapter, merged, readTensors, safetensors, shards } from '../lib/model-files.mjs';
import { exported } from '../lib/run.mjs';
import { dropped, lessons, modelFiles, small } from '../lib/small-model.mjs';
import { LEAST } from '../lib/tiny.mjs';
import { t } from '../lib/words.mjs';

export const name = 'own-models';
export const about = 'shards, GGUF, chat templates and adapters give the model that one file gives';
export const minutes = 20;
export const long = true;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path) => readFileSync(ROOT + path);

/** Losses that belong to the same weights, computed in another order. */
const NEAR = 1e-4;

/** Losses that do not. */
const FAR = 1e-2;

/** The starter in forms that a GGUF file cannot have: its tokenizer knows whole words. */
function starters() {
  const folder = 'assets/starter/';
  const about = { 'config.json': read(`${folder}config.json`), 'tokenizer.json': read(`${folder}tokenizer.json`) };
  const config = JSON.parse(about['config.json']);
  const tensors = readTensors(`${ROOT}${folder}model.safetensors`);
  const own = adapter(config, 4, 8);
  const upon = (base) => ({
    'adapter_config.json': JSON.stringify({ ...own.about, base_model_name_or_path: base }),
    'adapter_model.safetensors': safetensors(own.tensors),
  });
  return {
    whole: { ...about, 'model.safetensors': read(`${folder}model.safetensors`) },
    shards: { ...about, ...shards(tensors, 3) },
    merged: { ...about, 'model.safetensors': safetensors(merged(tensors, own)) },
    // What was brought without a folder is called so.
    adapter: upon('somewhere/model'),
    'adapter of the built-in one': upon('starter'),
  };
}

const TEMPLATE =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + ':' + m['content'] + '<|im_end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant:' }}{% endif %}";

/** The small model with a chat template, and without. */
function talkers() {
  const parts = small();
  const bare = modelFiles(parts);
  return {
    'template in a file': { ...bare, 'chat_template.jinja': TEMPLATE },
    'template in the tokenizer’s config': {
      ...bare,
      'tokenizer_config.json': JSON.stringify({ chat_template: TEMPLATE, eos_token: '<|im_end|>' }),
    },
    GGUF: { 'talker.gguf': gguf({ ...parts, template: TEMPLATE }) },
    'no template': bare,
  };
}

/** Learns from a model in a form; gives the record of the start and the losses. */
async function learn(lab, model, more = []) {
  const brings = [...more, { field: t('compose.model'), files: dropped(model) }];
  await lab.start({ recipe: 'sft', device: 'cpu', settings: LEAST, brings });
  await lab.becomes('finished');
  const log = exported(await lab.export());
  return { manifest: log[0].manifest, losses: log.filter(({ event }) => event === 'step').map(({ loss }) => loss) };
}

const apart = (a, b) => Math.max(...a.losses.map((loss, at) => Math.abs(loss - b.losses[at])));

export async function test(stage) {
  const { lab } = await stage.open();
  const rows = [['form', 'first loss', 'last loss']];
  const note = (form, { losses }) => rows.push([form, losses[0].toFixed(6), losses.at(-1).toFixed(6)]);

  const found = {};
  for (const [form, model] of Object.entries(starters())) {
    found[form] = await learn(lab, model);
    note(form, found[form]);
  }
  assert.deepEqual(found.shards.losses, found.whole.losses, 'shards are another model than one file');
  for (const form of ['adapter', 'adapter of the built-in one']) {
    assert(apart(found[form], found.merged) < NEAR, `${form}: another model than the merged one`);
  }
  assert(apart(found.whole, found.merged) > FAR, 'the adapter changes nothing, so that nothing was shown');

  const words = [lessons(['cats', 'dogs', 'owls', 'bees', 'ants', 'cows'])];
  for (const [form, model] of Object.entries(talkers())) {
    found[form] = await learn(lab, model, words);
    note(form, found[form]);
  }
  const templated = found['template in a file'];
  for (const form of ['template in the tokenizer’s config', 'GGUF']) {
    assert.deepEqual(found[form].losses, templated.losses, `${form}: another model or other texts`);
    assert(found[form].manifest.chat, `${form}: the template wrote nothing`);
  }
  assert.equal(found['no template'].manifest.chat, undefined);
  assert(apart(found['no template'], templated) > FAR, 'the template writes nothing of its own');
  stage.table(rows);
}
