// Eight threads per row: the gradient of what was normed.
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;
@group(0) @binding(4) var<storage, read> numbers: array<u32>; // workgroups, rows, columns, the bits of epsilon

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = place(group, groups, thread);
    let columns = numbers[2];
    let epsilon = bitcast<f32>(numbers[3]);
    let start = at.row * columns;

    var sum = 0.0;
    var product = 0.0;
    for (var c = at.lane; c < columns; c += LANES) {
        sum += x[start + c] * x[start + c];
        product += x[start + c] * weight[c] * gradient[start + c];
    }
    let sums = sums_of_row(thread, vec2(sum, product));
    let total = sums.x;
    let along = sums.y;
    let scale = 1.0 / sqrt(total / f32(columns) + epsilon);
    let back = scale * scale * scale * along / f32(columns);
    if (at.there) {
        for (var c = at.lane; c < columns; c += LANES) {
            result[start + c] = weight[c] * gradient[start + c] * scale - x[start + c] * back;
        }
    }
}
