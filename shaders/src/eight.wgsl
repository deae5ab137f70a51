// What kernels share of which eight threads take a row, and a workgroup eight rows. They are launched by `launch_eight`,
// so that their numbers begin with those of workgroups and rows. Each of the two reductions can be used once.
const LANES: u32 = 8u;
const ROWS: u32 = 8u;
var<workgroup> tops: array<f32, 64>;
var<workgroup> parts: array<vec2<f32>, 64>;

struct Place {
    row: u32,
    // Threads beyond the last row repeat it and must not write; an early return would make the barriers non-uniform.
    there: bool,
    // The thread's number among the eight.
    lane: u32,
}

fn place(group: vec3<u32>, groups: vec3<u32>, thread: u32) -> Place {
    let asked = (group.y * groups.x + group.x) * ROWS + thread / LANES;
    return Place(min(asked, numbers[1] - 1u), asked < numbers[1], thread % LANES);
}

// The largest value of a row's threads.
fn top_of_row(thread: u32, value: f32) -> f32 {
    tops[thread] = value;
    workgroupBarrier();
    let first = thread - thread % LANES;
    var top = tops[first];
    for (var other = first + 1u; other < first + LANES; other += 1u) {
        top = max(top, tops[other]);
    }
    return top;
}

// The sums of two values over a row's threads.
fn sums_of_row(thread: u32, values: vec2<f32>) -> vec2<f32> {
    parts[thread] = values;
    workgroupBarrier();
    let first = thread - thread % LANES;
    var sums = vec2<f32>();
    for (var other = first; other < first + LANES; other += 1u) {
        sums += parts[other];
    }
    return sums;
}
