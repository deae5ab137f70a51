// transformers.js: draws answers on `webgpu` or in `wasm`. It cannot learn.

import { AutoModelForCausalLM, Tensor, env } from '@huggingface/transformers';
import { amount, sequence, timed } from '../work.mjs';

export async function run(device, { onnx }) {
  // Everything comes from this machine.
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = onnx.slice(0, onnx.lastIndexOf('/') + 1);
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.backends.onnx.wasm.wasmPaths = new URL('../node_modules/onnxruntime-web/dist/', import.meta.url).href;
  const name = onnx.slice(onnx.lastIndexOf('/') + 1);
  const model = await AutoModelForCausalLM.from_pretrained(name, { device, dtype: 'fp32' });

  const decoding = [];
  for (const rows of amount.rows) {
    const shape = [rows, amount.prompt];
    const prompts = Array.from({ length: rows }, (_, row) => sequence(row, amount.prompt, model.config.vocab_size));
    const inputs = () => ({
      input_ids: new Tensor('int64', BigInt64Array.from(prompts.flat(), BigInt), shape),
      attention_mask: new Tensor('int64', new BigInt64Array(rows * amount.prompt).fill(1n), shape),
    });
    const entry = { rows, ms: [], ids: [] };
    for (let repetition = 0; repetition <= amount.repetitions; repetition += 1) {
      const [ms, answers] = await timed(() =>
        model.generate({ ...inputs(), max_new_tokens: amount.answer, do_sample: false }),
      );
      if (repetition > 0) entry.ms.push(ms);
      entry.ids = answers.tolist().map((ids) => ids.slice(amount.prompt).map(Number));
    }
    decoding.push(entry);
  }
  return { decoding };
}
