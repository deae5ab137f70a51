//! The loop as a whole: recipes, judges, worlds, and runs that stop and go on.

mod adapters;
mod bad_input;
mod baselines;
mod chat_prompts;
mod judges;
mod recipes;
mod resume;
mod sampling;
mod seed_ads;
mod stories;
