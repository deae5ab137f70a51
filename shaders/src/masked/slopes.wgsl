// Eight threads per row: the gradients of unscaled scores from those of their shares, in the latter's place.
@group(0) @binding(0) var<storage, read_write> shares: array<f32>;
@group(0) @binding(1) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> numbers: array<u32>; // workgroups, rows; keys, numbers of a row, the scale's bits

// Eight threads share a row, and a workgroup takes eight rows.
const LANES: u32 = 8u;
const ROWS: u32 = 8u;
var<workgroup> sums: array<f32, 64>;

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
    let row = min(asked, numbers[1] - 1u);
    let span = numbers[2];
    let padded = numbers[3];
    let scale = bitcast<f32>(numbers[4]);
    let start = row * padded;

    var sum = 0.0;
    for (var key = lane; key < span; key += LANES) {
        sum += shares[start + key] * slopes[start + key];
    }
    sums[thread] = sum;
    workgroupBarrier();
    var mean = 0.0;
    for (var other = thread - lane; other < thread - lane + LANES; other += 1u) {
        mean += sums[other];
    }
    if (there) {
        for (var key = lane; key < padded; key += LANES) {
            var slope = 0.0;
            if (key < span) {
                slope = shares[start + key] * (slopes[start + key] - mean) * scale;
            }
            slopes[start + key] = slope;
        }
    }
}
