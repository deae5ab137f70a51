//! Wall time and processor time of variants that take turns, so that whatever else the machine does
//! disturbs all of them alike.

use std::time::Instant;

/// Seconds on the wall and of all processors.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: f64,
    pub cpu: f64,
}

/// Medians of `rounds` turns of each variant, after two that are not counted. In each turn a variant runs
/// `repeats` times: the system counts processor time in steps of a few milliseconds.
pub fn take_turns(rounds: usize, repeats: u32, variants: &mut [&mut dyn FnMut()]) -> Vec<Cost> {
    let mut costs = vec![Vec::new(); variants.len()];
    for round in 0..rounds + 2 {
        for (variant, costs) in variants.iter_mut().zip(&mut costs) {
            let begun = start();
            (0..repeats).for_each(|_| variant());
            let (each, all) = (f64::from(repeats), since(begun));
            if round >= 2 {
                costs.push(Cost { wall: all.wall / each, cpu: all.cpu / each });
            }
        }
    }
    costs.iter().map(|costs| median_cost(costs)).collect()
}

/// When something begins.
pub fn start() -> (Instant, f64) {
    (Instant::now(), cpu_seconds())
}

/// What it has taken.
pub fn since((begun, cpu): (Instant, f64)) -> Cost {
    Cost { wall: begun.elapsed().as_secs_f64(), cpu: cpu_seconds() - cpu }
}

/// The medians of both.
pub fn median_cost(costs: &[Cost]) -> Cost {
    let of = |number: fn(&Cost) -> f64| median(costs.iter().map(number).collect());
    Cost { wall: of(|cost| cost.wall), cpu: of(|cost| cost.cpu) }
}

/// The most MiB that were resident during `work` beyond those before it; none on systems that do not say. What the
/// allocator has kept from earlier work counts as there before, so that this is the least that `work` took.
pub fn highest(work: &mut dyn FnMut()) -> Option<f64> {
    // Linux begins to count anew.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = resident("VmRSS:")?;
    work();
    Some((resident("VmHWM:")? - before).max(0.0))
}

fn resident(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What all threads of this process have computed so far; on systems that do not say, nothing.
fn cpu_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1e9
}
