use selfsame_core::{*, judge::*, measure::*, sample::*, recipe::starter::*, world::{World, Split, rules::{self, Rules}}, text::Tokenizer};
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut config = StarterConfig::default();
    if let Some(s) = args.get(1) { config = toml::from_str(s).unwrap(); }
    let tok = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
    let device = device::cpu();
    let t = Instant::now();
    let out = args.get(2).cloned();
    let starter = pollster::block_on(pretrain(&config, &Rules, tok.clone(), &rules::compositional_parts(), &device, |phase, r, model| {
        if r.step % 50 == 49 || r.step + 1 == r.total {
            println!("{phase} {}/{} loss {:.3} grad {:.2} {:?} {:.1}s", r.step + 1, r.total, r.loss, r.grad_norm, r.metrics, t.elapsed().as_secs_f32());
        }
        if (r.step % 300 == 299 || r.step + 1 == r.total) && phase != "language" { evaluate(model, &tok, phase == "eft", None); }
    })).unwrap();
    evaluate(&starter.model, &tok, true, Some(&starter.base));
    if let Some(out) = out {
        for (m, d) in [(&starter.model, out.clone()), (&starter.base, format!("{out}/base"))] {
            std::fs::create_dir_all(&d).unwrap();
            pollster::block_on(model::save(m, d.as_ref())).unwrap();
            std::fs::write(format!("{d}/tokenizer.json"), tok.json()).unwrap();
        }
    }
}
fn evaluate(model: &model::Llama, tok: &Tokenizer, judges: bool, base: Option<&model::Llama>) {
    let t = Instant::now();
    let prompts = Rules.prompts(7, Split::HeldOut, 200);
    let ids: Vec<(u64, Vec<u32>)> = prompts.iter().enumerate().map(|(i, p)| (i as u64, tok.encode(&p.text).unwrap())).collect();
    for temperature in [0.0, 0.7, 1.0] {
        let sampling = Sampling { temperature, ..Sampling::default() };
        let n = if temperature == 0.0 { 1 } else { 2 };
        let answers = pollster::block_on(generate(model, tok, &Request { prompts: &ids, samples: n, sampling: &sampling, seed: 3, iteration: 0, batch: 128 })).unwrap();
        let rows: Vec<(&str, &Answer)> = prompts.iter().zip(&answers).flat_map(|(p, a)| a.iter().map(move |a| (p.text.as_str(), a))).collect();
        let q = policy::answer_quality(Some(&Rules), &rows);
        println!("   T {temperature}: reward {:.3} all {:.3} len {:.1} d2 {:.3} trunc {:.3}  {:?}", q.reward.unwrap().mean, q.all_met.unwrap(), q.length, q.distinct2, q.truncated, t.elapsed());
        if temperature == 0.7 {
            let mut k: std::collections::BTreeMap<String, (u32,u32)> = Default::default();
            for (x, a) in &rows {
                for slot in x.split_whitespace().filter(|s| s.contains(':') && !s.ends_with(":any")) {
                    let kind = slot.split(':').next().unwrap();
                    let mut p = String::new();
                    for s in ["must","never","first","last","early","late","count","length"] {
                        let cur = x.split_whitespace().find(|t| t.starts_with(&format!("{s}:")));
                        let keep = slot.starts_with(&format!("{s}:")) || (matches!(kind, "early"|"late") && matches!(s, "early"|"late"));
                        p += &format!("{} ", if keep { cur.unwrap().to_string() } else { format!("{s}:any") });
                    }
                    if kind == "twice" || kind == "thrice" { p = format!("{slot} <resp>"); }
                    let g = policy::answer_quality(Some(&Rules), &[(p.as_str(), a)]);
                    let e = k.entry(kind.to_string()).or_default(); e.1 += 1; e.0 += (g.all_met.unwrap() > 0.5) as u32;
                }
            }
            println!("   {:?}", k.iter().map(|(k, (a, b))| format!("{k} {:.2}", *a as f64 / *b as f64)).collect::<Vec<_>>());
            for (x, a) in rows.iter().take(2) { println!("   {x} => {}", a.text); }
        }
        if temperature == 0.7 && judges {
            let pairs: Vec<Comparison> = ids.iter().zip(&answers).map(|((_, p), a)| Comparison { prompt: p, answers: [a[0].content(), a[1].content()] }).collect();
            let texts: Vec<judges::PairTexts> = prompts.iter().zip(&answers).map(|(p, a)| (p.text.as_str(), a[0].text.as_str(), a[1].text.as_str())).collect();
            let mut votes = judges::Votes::new();
            for form in [Form::Pointwise, Form::Pairwise] {
                for prompt in Rules.judge_prompts() {
                    let judge = Generative::new(&prompt, form, tok).unwrap();
                    let p = pollster::block_on(judge.prefer(model, &pairs, 4096)).unwrap();
                    votes.insert(format!("{form:?}-{}", prompt.name), p.into_iter().map(f64::from).collect());
                }
            }
            if let Some(base) = base {
                let seqs: Vec<learn::Sequence> = ids.iter().zip(&answers).flat_map(|((_, p), a)| a.iter().map(move |a| learn::Sequence::completion(p, &a.ids))).collect();
                let s = |m| pollster::block_on(learn::batch::score(m, &seqs, 4096)).unwrap().into_iter().map(|v| v.iter().sum::<f32>() as f64).collect::<Vec<_>>();
                let (a, b) = (s(model), s(base));
                for (name, pw) in [("implicit", 0.0), ("implicit-norm", 1.0)] {
                    let imp = Implicit { beta: 1.0, length_power: pw };
                    let r: Vec<f64> = (0..seqs.len()).map(|i| imp.reward(a[i], b[i], seqs[i].labels.len())).collect();
                    votes.insert(name.into(), r.chunks(2).map(|c| 1.0 / (1.0 + (c[1] - c[0]).exp())).collect());
                }
            }
            let q = judges::judge_quality(Some(&Rules), &texts, &votes);
            for (n, m) in &q.accuracy { println!("   {n}: {:.3} ± {:.3}   agree {:?}", m.mean, m.error, q.agreement[n].values().map(|v| (v * 100.0).round() as i32).collect::<Vec<_>>()); }
            println!("   pairs {} kept {:.3} acc kept {:?} dropped {:?}  {:?}", q.pairs, q.kept, q.kept_accuracy.map(|m| m.mean), q.dropped_accuracy.map(|m| m.mean), t.elapsed());
        }
    }
}
