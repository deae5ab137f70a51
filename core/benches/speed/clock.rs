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
            let (start, cpu) = (Instant::now(), cpu_seconds());
            (0..repeats).for_each(|_| variant());
            let each = f64::from(repeats);
            let cost = Cost { wall: start.elapsed().as_secs_f64() / each, cpu: (cpu_seconds() - cpu) / each };
            if round >= 2 {
                costs.push(cost);
            }
        }
    }
    costs
        .iter()
        .map(|costs| Cost {
            wall: median(costs.iter().map(|c| c.wall).collect()),
            cpu: median(costs.iter().map(|c| c.cpu).collect()),
        })
        .collect()
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
