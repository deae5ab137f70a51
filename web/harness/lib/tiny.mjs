// The least run that does everything: what a graphics device in software can do in minutes.

/** Its settings, above those of a quick run. */
export const TINY = {
  'loop.iterations': 1,
  'loop.prompts': 4,
  'loop.pairs': 4,
  'loop.samples': 2,
  'loop.replay': 2,
  'loop.learn.batch_size': 2,
  'loop.learn.micro_batch': 2,
  'options.held_out': 4,
};

/** The least run that learns at all: some steps of imitation, and hardly anything drawn. */
export const LEAST = {
  demonstrations: 4,
  replay: 0,
  'learn.batch_size': 2,
  'learn.micro_batch': 2,
  'options.held_out': 1,
};
