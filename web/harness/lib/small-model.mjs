// A model of one's own that is so small that a device in software learns from it within minutes, and what it learns.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rounded } from './gguf.mjs';
import { numbers, safetensors, shapes } from './model-files.mjs';
import { t } from './words.mjs';

const TOKENIZER = fileURLToPath(new URL('../../../tests/goldens/chat_tokenizer.json', import.meta.url));

/** Its parts: a Llama of two layers that reads bytes. GGUF can hold its weights without rounding. */
export function small() {
  const tokenizer = JSON.parse(readFileSync(TOKENIZER));
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
  return { config, tokenizer, tensors };
}

/** Its files, as `{name: content}`. */
export function modelFiles({ config, tokenizer, tensors }) {
  return {
    'config.json': JSON.stringify(config),
    'tokenizer.json': JSON.stringify(tokenizer),
    'model.safetensors': safetensors(tensors),
  };
}

/** Files to drop. */
export const dropped = (contents) => Object.entries(contents).map(([name, content]) => ({ name, content }));

/** Conversations to learn from, one a word. */
export function lessons(words) {
  const line = (word) => JSON.stringify({ prompt: [{ role: 'user', content: `name ${word}` }], completion: `the ${word}` });
  return { field: t('compose.prompts'), files: dropped({ 'lessons.jsonl': words.map(line).join('\n') }) };
}

/** What is brought to learn from so many conversations with the small model. */
export function lesson(count) {
  const words = Array.from({ length: count }, (_, index) => 'abcdefghijklmnopqrstuvwxyz'.slice(index % 20, (index % 20) + 4) + index);
  return [lessons(words), { field: t('compose.model'), files: dropped(modelFiles(small())) }];
}
