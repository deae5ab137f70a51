// One workgroup per row: draws a token from the row's logits (see `draw`).
//
// Masses are whole numbers of 64 bits, the weight of the best token being 2^44: their sums are the same in
// whatever order they are taken, and exact where the CPU has 53 bits. Low word first.
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> uniforms: array<u32>; // [steps * rows, 2], low word first
@group(0) @binding(2) var<storage, read_write> result: array<u32>; // [rows, 3]
// rows, classes, step, temperature, top_k, top_p as a fraction of 2^64 (two words), whether it is below 1, min_p
@group(0) @binding(3) var<storage, read> numbers: array<u32>;

const THREADS: u32 = 256u;
var<workgroup> partial: array<f32, 256>;
var<workgroup> places: array<u32, 256>;
var<workgroup> low: array<atomic<u32>, 256>;
var<workgroup> high: array<atomic<u32>, 256>;
var<workgroup> sums: array<vec2<u32>, 256>;
// What a branch with barriers depends on has to be the same for all threads, and known to be.
var<workgroup> asked_for: u32;
var<workgroup> limit: vec2<u32>;
var<workgroup> cut: u32;
var<workgroup> chosen: u32;

const BY_NUMBER: u32 = 1u;
const BY_MASS: u32 = 2u;
const GREEDY: u32 = 4u;

// A row and how it is drawn from.
struct Row {
    start: u32,
    classes: u32,
    top: f32,
    temperature: f32,
    min_p: f32,
}

// The tokens that may be drawn: those with keys from `least` on, and of those with just the key `edge` the first,
// as long as their equals before them weigh less than `edge_mass`. No token has the edge 0.
struct Kept {
    least: u32,
    edge: u32,
    edge_mass: vec2<u32>,
}

fn add(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let sum = a.x + b.x;
    return vec2<u32>(sum, a.y + b.y + select(0u, 1u, sum < a.x));
}

fn subtract(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

fn less(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
}

// All 64 bits of a product.
fn whole(a: u32, b: u32) -> vec2<u32> {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let least = a0 * b0;
    let middle = a1 * b0 + (least >> 16u);
    let other = a0 * b1 + (middle & 0xffffu);
    return vec2<u32>((other << 16u) | (least & 0xffffu), a1 * b1 + (middle >> 16u) + (other >> 16u));
}

// All 128 bits of a product, the low half first.
fn product(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
    let least = whole(a.x, b.x);
    let middle = add(whole(a.x, b.y), vec2<u32>(least.y, 0u));
    let other = add(whole(a.y, b.x), vec2<u32>(middle.x, 0u));
    let most = add(add(whole(a.y, b.y), vec2<u32>(middle.y, 0u)), vec2<u32>(other.y, 0u));
    return vec4<u32>(least.x, other.x, most.x, most.y);
}

// A number that is larger where the logit is.
fn key(logit: f32) -> u32 {
    let bits = bitcast<u32>(logit);
    if (bits == 0x80000000u) {
        return bits; // minus zero is zero
    }
    return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// How likely a token is beside the best one.
fn share(row: Row, logit: f32) -> f32 {
    return exp(clamp((logit - row.top) / row.temperature, -80.0, 0.0));
}

fn mass(part: f32) -> vec2<u32> {
    let scaled = part * 4096.0;
    let units = u32(scaled);
    return vec2<u32>(u32((scaled - f32(units)) * 4294967296.0), units);
}

// Replaces `sums` by running sums, from the first entry or from the last: within sixteen stretches of sixteen
// entries, and then of what stands before each. More barriers would cost more than these few additions in a row.
fn accumulate(thread: u32, backwards: bool) {
    let place = select(thread, THREADS - 1u - thread, backwards);
    if (thread % 16u == 0u) {
        var sum = vec2<u32>(0u, 0u);
        for (var i = 0u; i < 16u; i += 1u) {
            let entry = select(place + i, place - i, backwards);
            sum = add(sum, sums[entry]);
            sums[entry] = sum;
        }
    }
    workgroupBarrier();
    var sum = sums[place];
    for (var last = 15u; last < thread - thread % 16u; last += 16u) {
        sum = add(sum, sums[select(last, THREADS - 1u - last, backwards)]);
    }
    workgroupBarrier();
    sums[place] = sum;
    workgroupBarrier();
}

// Finds the largest key such that the tokens with at least this key weigh `limit` or more, and puts it into `cut`:
// eight bits at a time. Only tokens with keys from `least` on count; each weighs 1 or its mass. `limit` becomes what
// the tokens with just this key have to contribute.
fn find(row: Row, thread: u32, least: u32, counted: bool) {
    if (thread == 0u) {
        cut = 0u;
    }
    for (var byte = 0u; byte < 4u; byte += 1u) {
        let shift = 24u - 8u * byte;
        atomicStore(&low[thread], 0u);
        atomicStore(&high[thread], 0u);
        workgroupBarrier();
        let known = cut;
        for (var c = thread; c < row.classes; c += THREADS) {
            let logit = logits[row.start + c];
            let its = key(logit);
            // By 32 bits nothing can be shifted at once.
            let fits = ((its ^ known) >> (shift + 7u)) >> 1u == 0u;
            if (its >= least && fits) {
                let bin = (its >> shift) & 255u;
                var weight = vec2<u32>(1u, 0u);
                if (!counted) {
                    weight = mass(share(row, logit));
                }
                let before = atomicAdd(&low[bin], weight.x);
                atomicAdd(&high[bin], weight.y + select(0u, 1u, before + weight.x < before));
            }
        }
        workgroupBarrier();
        sums[thread] = vec2<u32>(atomicLoad(&low[thread]), atomicLoad(&high[thread]));
        workgroupBarrier();
        accumulate(thread, true);
        let wanted = limit;
        var above = vec2<u32>(0u, 0u);
        if (thread + 1u < THREADS) {
            above = sums[thread + 1u];
        }
        let found = !less(sums[thread], wanted) && less(above, wanted);
        workgroupBarrier();
        if (found) {
            cut = known | (thread << shift);
            limit = subtract(wanted, above);
        }
        workgroupBarrier();
    }
}

// The mass of what is kept of a stretch of tokens, before whose first there are `ties` with the edge's key. If
// `drawing`, it ends with the token whose mass and that before it exceed `drawn`, which is chosen.
fn walk(
    row: Row,
    kept: Kept,
    stretch: vec2<u32>,
    ties: u32,
    before: vec2<u32>,
    drawn: vec2<u32>,
    drawing: bool,
) -> vec2<u32> {
    var sum = before;
    var equals = ties;
    for (var c = stretch.x; c < stretch.y; c += 1u) {
        let logit = logits[row.start + c];
        let its = key(logit);
        let part = share(row, logit);
        let weight = mass(part);
        var keeps = its >= kept.least && part >= row.min_p && (weight.x | weight.y) != 0u;
        if (its == kept.edge) {
            keeps = keeps && less(product(vec2<u32>(equals, 0u), weight).xy, kept.edge_mass);
            equals += 1u;
        }
        if (keeps) {
            sum = add(sum, weight);
            if (drawing) {
                chosen = c;
                if (less(drawn, sum)) {
                    break;
                }
            }
        }
    }
    return sum;
}

@compute @workgroup_size(256, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    // Groups beyond the last row repeat it without writing: an early return would make the
    // barriers below non-uniform, which browsers refuse.
    let asked = group.y * groups.x + group.x;
    let rows = numbers[0];
    let at = min(asked, rows - 1u);
    let classes = numbers[1];
    let top_k = numbers[4];
    let top_p = vec2<u32>(numbers[5], numbers[6]);
    var row = Row(at * classes, classes, -3.4e38, bitcast<f32>(numbers[3]), bitcast<f32>(numbers[8]));
    if (thread == 0u) {
        let by_number = select(0u, BY_NUMBER, top_k > 0u && top_k < classes);
        let by_mass = select(0u, BY_MASS, numbers[7] == 1u);
        asked_for = by_number | by_mass | select(0u, GREEDY, row.temperature == 0.0);
    }

    // The first of the best tokens.
    var best = 0u;
    for (var c = thread; c < classes; c += THREADS) {
        let logit = logits[row.start + c];
        if (logit > row.top) {
            row.top = logit;
            best = c;
        }
    }
    partial[thread] = row.top;
    places[thread] = best;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            let other = partial[thread + half];
            let place = places[thread + half];
            if (other > partial[thread] || (other == partial[thread] && place < places[thread])) {
                partial[thread] = other;
                places[thread] = place;
            }
        }
        workgroupBarrier();
    }
    row.top = partial[0];
    best = places[0];
    workgroupBarrier();

    // What the model's own probabilities are divided by.
    var total = 0.0;
    for (var c = thread; c < classes; c += THREADS) {
        total += exp(logits[row.start + c] - row.top);
    }
    partial[thread] = total;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        if (thread < half) {
            partial[thread] += partial[thread + half];
        }
        workgroupBarrier();
    }

    if (thread == 0u) {
        chosen = best;
    }
    let filters = workgroupUniformLoad(&asked_for);
    var logprob_of_draw = 0.0;
    if ((filters & GREEDY) == 0u) {
        var kept = Kept(0u, 0u, vec2<u32>(0u, 0u));
        if ((filters & BY_NUMBER) != 0u) {
            if (thread == 0u) {
                limit = vec2<u32>(top_k, 0u);
            }
            workgroupBarrier();
            find(row, thread, 0u, true);
            kept.least = cut;
            workgroupBarrier();
        }
        // Each thread has a stretch of tokens, so that sums run in the tokens' order.
        let length = (classes + THREADS - 1u) / THREADS;
        let first = min(thread * length, classes);
        let stretch = vec2<u32>(first, min(first + length, classes));
        var ties = 0u;
        if ((filters & BY_MASS) != 0u) {
            var sum = vec2<u32>(0u, 0u);
            for (var c = stretch.x; c < stretch.y; c += 1u) {
                let logit = logits[row.start + c];
                if (key(logit) >= kept.least) {
                    sum = add(sum, mass(share(row, logit)));
                }
            }
            sums[thread] = sum;
            workgroupBarrier();
            accumulate(thread, false);
            if (thread == 0u) {
                let part = product(sums[THREADS - 1u], top_p);
                limit = add(part.zw, vec2<u32>(select(0u, 1u, (part.x | part.y) != 0u), 0u));
            }
            workgroupBarrier();
            find(row, thread, kept.least, false);
            kept = Kept(max(kept.least, cut), cut, limit);
            for (var c = stretch.x; c < stretch.y; c += 1u) {
                ties += select(0u, 1u, key(logits[row.start + c]) == kept.edge);
            }
            workgroupBarrier();
            sums[thread] = vec2<u32>(ties, 0u);
            workgroupBarrier();
            accumulate(thread, false);
            ties = sums[thread].x - ties;
            workgroupBarrier();
        }

        let nothing = vec2<u32>(0u, 0u);
        let own = walk(row, kept, stretch, ties, nothing, nothing, false);
        sums[thread] = own;
        workgroupBarrier();
        accumulate(thread, false);
        let all = sums[THREADS - 1u];
        let word = 2u * (numbers[2] * rows + at);
        let drawn = product(all, vec2<u32>(uniforms[word], uniforms[word + 1u])).zw;
        let before = subtract(sums[thread], own);
        if (less(drawn, sums[thread]) && !less(drawn, before)) {
            walk(row, kept, stretch, ties, before, drawn, true);
        }
        workgroupBarrier();
        let mass_of_all = f32(all.y) / 4096.0 + f32(all.x) / 17592186044416.0;
        logprob_of_draw = (logits[row.start + chosen] - row.top) / row.temperature - log(mass_of_all);
    }
    workgroupBarrier();
    if (thread == 0u && asked < rows) {
        result[3u * at] = chosen;
        result[3u * at + 1u] = bitcast<u32>(logits[row.start + chosen] - row.top - log(partial[0]));
        result[3u * at + 2u] = bitcast<u32>(logprob_of_draw);
    }
}
