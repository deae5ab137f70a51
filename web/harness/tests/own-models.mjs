// A model of one's own is the same model in every form: in one file, in shards, as GGUF, as an adapter upon another.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gguf, rounded } from '../lib/gguf.mjs';
import { adapter, merged, numbers, readTensors, safetensors, shapes, shards } from '../lib/model-files.mjs';
import { exported } from '../lib/run.mjs';
import { t } from '../lib/words.mjs';

export const name = 'own-models';
export const about = 'shards, GGUF, chat templates and adapters give the model that one file gives';
export const minutes = 20;
export const long = true;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path) => readFileSync(ROOT + path);

/** The least run whose losses tell models and texts apart. */
const LEAST = {
  demonstrations: 4,
  replay: 0,
  'learn.batch_size': 2,
  'learn.micro_batch': 2,
  'options.held_out': 1,
};

/** Losses that belong to the same weights, computed in another order. */
const NEAR = 1e-4;

/** Losses that do not. */
const FAR = 1e-2;

const files = (contents) => Object.entries(contents).map(([name, content]) => ({ name, content }));

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

/** A small model of bytes with a chat template. */
function talkers() {
  const tokenizer = JSON.parse(read('tests/goldens/chat_tokenizer.json'));
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: Object.keys(tokenizer.model.vocab).length,
    max_position_embeddings: 512,
    rms_norm_eps: 2 ** -17,
    rope_theta: 10000,
    tie_word_embeddings: false,
    bos_token_id: 0,
    eos_token_id: 5,
  };
  const tensor = ([name, shape], index) => {
    const values = numbers(shape.reduce((a, b) => a * b), index + 1);
    return [name, shape.length === 1 ? { shape, values: values.map((v) => 1 + v / 4) } : rounded({ shape, values: values.map((v) => v / 5) })];
  };
  const tensors = Object.fromEntries(Object.entries(shapes(config)).map(tensor));
  const about = { 'config.json': JSON.stringify(config), 'tokenizer.json': JSON.stringify(tokenizer) };
  const weights = { 'model.safetensors': safetensors(tensors) };
  return {
    'template in a file': { ...about, ...weights, 'chat_template.jinja': TEMPLATE },
    'template in the tokenizer’s config': {
      ...about,
      ...weights,
      'tokenizer_config.json': JSON.stringify({ chat_template: TEMPLATE, eos_token: '<|im_end|>' }),
    },
    GGUF: { 'talker.gguf': gguf({ config, tensors, tokenizer, template: TEMPLATE }) },
    'no template': { ...about, ...weights },
  };
}

/** Conversations to learn from. */
const LESSONS = ['cats', 'dogs', 'owls', 'bees', 'ants', 'cows']
  .map((word) => JSON.stringify({ prompt: [{ role: 'user', content: `name ${word}` }], completion: `the ${word}` }))
  .join('\n');

/** Learns from a model in a form; gives the record of the start and the losses. */
async function learn(lab, model, more = []) {
  const brings = [...more, { field: t('compose.model'), files: files(model) }];
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

  const lessons = [{ field: t('compose.prompts'), files: files({ 'lessons.jsonl': LESSONS }) }];
  for (const [form, model] of Object.entries(talkers())) {
    found[form] = await learn(lab, model, lessons);
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
