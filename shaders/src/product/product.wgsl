// Products of matrices: every thread computes a tile of a result and keeps its sums in registers. Neighbouring threads
// read the same rows and columns at the same time, which the caches serve; nothing is shared by a workgroup, so that
// no thread waits for another. What stands in double braces is written by `tile.rs` for a tile of one size.
@group(0) @binding(0) var<storage, read_write> left: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> right: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
// Workgroups; rows, columns, terms of a sum; products of a batch entry. Then, of the left matrices, the right ones and
// the results: from row to row, from entry to entry, from product to product, and how many products share a matrix.
@group(0) @binding(3) var<storage, read> numbers: array<u32>;

const ROWS: u32 = {{ rows }}u;
const COLUMNS: u32 = {{ columns }}u;
// Tiles of a workgroup that stand beside one another; the others stand below.
const BESIDE: u32 = {{ beside }}u;
const BELOW: u32 = 64u / BESIDE;

// The first number of the matrix that a product reads or writes.
fn matrix(side: u32, product: u32) -> u32 {
    let heads = numbers[4];
    let at = 5u + 4u * side;
    return product / heads * numbers[at + 1u] + product % heads / numbers[at + 3u] * numbers[at + 2u];
}

@compute @workgroup_size(64, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let rows = numbers[1];
    let columns = numbers[2];
    let terms = numbers[3];
    let groups_beside = (columns + BESIDE * COLUMNS - 1u) / (BESIDE * COLUMNS);
    let groups_below = (rows + BELOW * ROWS - 1u) / (BELOW * ROWS);
    let index = group.y * groups.x + group.x;
    let product = index / (groups_beside * groups_below);
    let place = index % (groups_beside * groups_below);
    let row = (place / groups_beside * BELOW + thread / BESIDE) * ROWS;
    let column = (place % groups_beside * BESIDE + thread % BESIDE) * COLUMNS;
    if (index >= numbers[0] || row >= rows || column >= columns) {
        return;
    }
    let left_start = matrix(0u, product) / 4u;
    let left_row = numbers[5] / 4u;
    let right_start = matrix(1u, product) / 4u;
    let right_row = numbers[9] / 4u;
{{ places }}
{{ sums }}
    for (var step = 0u; step < {{ steps }}; step += 1u) {
{{ loads }}
{{ products }}
    }
    let result_start = matrix(2u, product) + column;
{{ stores }}
}
