// Eight threads per row: one over its root mean square.
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> scales: array<f32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>; // workgroups, rows, columns, the bits of epsilon

// Eight threads share a row, and a workgroup takes eight rows.
const LANES: u32 = 8u;
const ROWS: u32 = 8u;
var<workgroup> squares: array<f32, 64>;

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // Threads beyond the last row write nothing; an early return would make the barriers below non-uniform.
    let asked = (group.y * groups.x + group.x) * ROWS + thread / LANES;
    let lane = thread % LANES;
    let there = asked < numbers[1];
    let columns = numbers[2];
    let epsilon = bitcast<f32>(numbers[3]);
    let start = min(asked, numbers[1] - 1u) * columns;

    var sum = 0.0;
    for (var c = lane; c < columns; c += LANES) {
        sum += x[start + c] * x[start + c];
    }
    squares[thread] = sum;
    workgroupBarrier();
    var total = 0.0;
    for (var other = thread - lane; other < thread - lane + LANES; other += 1u) {
        total += squares[other];
    }
    let scale = 1.0 / sqrt(total / f32(columns) + epsilon);
    if (there && lane == 0u) {
        scales[asked] = scale;
    }
}
