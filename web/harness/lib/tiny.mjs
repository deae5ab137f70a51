// The least run that does everything: what a graphics device in software can do in minutes.

/** Its settings, above those of a quick run. */
export const TINY = {
  'loop.prompts': 4,
  'loop.pairs': 4,
  'loop.samples': 2,
  'loop.replay': 2,
  'loop.learn.batch_size': 2,
  'loop.learn.micro_batch': 2,
  'options.held_out': 4,
};
