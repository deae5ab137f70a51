//! Has what registers itself do so once.
//!
//! The linker takes a module with constructors for a program of a command line, every exported function of which is
//! a run of its own: it calls the constructors at the beginning of each. In a page the exports are called thousands of
//! times a second, whenever JavaScript hands something over, and there are thousands of constructors.

use walrus::{ConstExpr, FunctionKind, Module, ValType, ir::Value};

use crate::trim::CONSTRUCTORS;

/// Has the module's constructors, where there are some, do nothing when they are called again.
pub fn once(module: &mut Module) {
    let Some(constructors) = module.funcs.by_name(CONSTRUCTORS) else { return };
    let called = module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
    let FunctionKind::Local(local) = &mut module.funcs.get_mut(constructors).kind else { return };
    let mut body = local.builder_mut().func_body();
    body.if_else_at(
        0,
        None,
        |again| {
            again.return_();
        },
        |first| {
            first.i32_const(1).global_set(called);
        },
    );
    body.global_get_at(0, called);
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use walrus::{FunctionBuilder, ir::BinaryOp};

    use super::*;

    /// A module whose constructors count their calls.
    fn counting() -> Module {
        let mut module = Module::default();
        let count = module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.name(CONSTRUCTORS.to_owned());
        builder.func_body().global_get(count).i32_const(1).binop(BinaryOp::I32Add).global_set(count);
        let constructors = builder.finish(vec![], &mut module.funcs);
        module.exports.add("call", constructors);
        module.exports.add("count", count);
        module
    }

    /// What the count is after three calls, as Node says, which every build of the page needs.
    fn after_three_calls(module: &[u8]) -> String {
        let folder = std::env::temp_dir().join(format!("selfsame-once-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("module.wasm");
        std::fs::write(&path, module).unwrap();
        let script = format!(
            "const {{ instance: {{ exports }} }} = await WebAssembly.instantiate(await (await import('node:fs/promises')).readFile({path:?}));\n\
             exports.call(); exports.call(); exports.call(); console.log(exports.count.value);"
        );
        let said = Command::new("node").args(["--input-type=module", "--eval", &script]).output().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn constructors_run_once_however_often_they_are_called() {
        let mut module = counting();
        assert_eq!(after_three_calls(&module.emit_wasm()), "3");
        once(&mut module);
        assert_eq!(after_three_calls(&module.emit_wasm()), "1");
    }

    #[test]
    fn a_module_without_constructors_stays_what_it_is() {
        let mut module = Module::default();
        let before = module.emit_wasm();
        once(&mut module);
        assert_eq!(module.emit_wasm(), before);
    }
}
