//! Takes out of a module what comes into it by itself.
//!
//! The GPU's compiler registers its parts before anything runs, and what registers itself is linked
//! wherever its crate is in the tree. The page only shows what a worker computes: nothing in it calls
//! any of this, but no linker can know, since registering means to be in a table. So the functions of
//! these crates become traps, and what only they called goes.

use walrus::{FunctionKind, Module, passes::gc};

/// Where everything registers itself before anything runs.
pub const CONSTRUCTORS: &str = "__wasm_call_ctors";

/// Takes the functions of `crates` out of the module.
///
/// # Errors
/// If the module has no names, or nothing in it registers itself.
pub fn without(module: &mut Module, crates: &[&str]) -> Result<(), String> {
    let mut constructors = false;
    for function in module.funcs.iter_mut() {
        let Some(name) = &function.name else { continue };
        let is_constructors = name == CONSTRUCTORS;
        if !is_constructors && !crates.iter().any(|of| belongs(name, of)) {
            continue;
        }
        constructors |= is_constructors;
        let FunctionKind::Local(local) = &mut function.kind else { continue };
        let mut body = local.builder_mut().func_body();
        body.instrs_mut().clear();
        if !is_constructors {
            body.unreachable();
        }
    }
    if !constructors {
        return Err(format!("the module has no `{CONSTRUCTORS}`; was it linked without names?"));
    }
    gc::run(module);
    Ok(())
}

/// Whether a mangled name is that of a function of a crate, or of an implementation for one of its
/// types or traits.
fn belongs(name: &str, of: &str) -> bool {
    let Some(path) = name.strip_prefix("_ZN") else { return false };
    let path = path.trim_start_matches(|c: char| c.is_ascii_digit());
    // `<T as trait>::method` is `_$LT$T$u20$as$u20$trait$GT$`, and a path there is joined by dots.
    let implementation = path.strip_prefix("_$LT$").map(|parts| parts.split("$GT$").next().unwrap_or(parts));
    match implementation {
        Some(parts) => parts.split("$u20$as$u20$").any(|part| part.trim_start_matches('_').starts_with(of)),
        None => path.starts_with(of),
    }
}

#[cfg(test)]
mod tests {
    use super::belongs;

    #[test]
    fn functions_are_known_by_their_crate() {
        for name in [
            "_ZN6pliron5irfmt8outlined14parse_outlines17hce8d3266ea89bb2aE",
            "_ZN9cubecl_ir7dialect4math1_1_6__ctor17he9c19c502a0fdd1eE",
            "_ZN78_$LT$pliron..basic_block..BasicBlock$u20$as$u20$pliron..parsable..Parsable$GT$5parse17hE",
            "_ZN54_$LT$T$u20$as$u20$pliron..op..Op$GT$3fmt17hE",
        ] {
            assert!(belongs(name, "pliron") || belongs(name, "cubecl"), "{name}");
        }
        for name in [
            "_ZN4core3ptr54drop_in_place$LT$pliron..context..Context$GT$17hE",
            "_ZN8selfsame4view6panels17hE",
            "memcpy",
        ] {
            assert!(!belongs(name, "pliron"), "{name}");
        }
    }
}
