//! The program with GGUF files: the same model in another file.

use std::{fs, path::Path};

use selfsame_core::model::gguf::Gguf;
use selfsame_tests::{
    files::copy_golden,
    goldens,
    program::{assert_refused, locate, run, text},
};

/// Arguments of a command on a model.
fn on<'a>(command: &[&'a str], model: &'a str) -> Vec<&'a str> {
    [command, &["--model", model, "--device", "cpu", "--json"]].concat()
}

#[test]
fn a_file_and_its_folder_are_the_same_model() {
    let Some(program) = locate("a_file_and_its_folder_are_the_same_model") else { return };
    let desk = tempfile::tempdir().unwrap();
    let name = "tiny_llama_gqa_tied";
    let file = goldens().join(format!("gguf/{name}.gguf"));
    let (alone, beside) = (desk.path().join("alone"), desk.path().join("beside"));
    fs::create_dir(&alone).unwrap();
    fs::copy(&file, alone.join("model.gguf")).unwrap();
    copy_golden(name, &beside);
    fs::write(beside.join("tokenizer.json"), Gguf::read(&file).unwrap().tokenizer_json().unwrap()).unwrap();
    let lines = desk.path().join("lines.jsonl");
    fs::write(&lines, "{\"prompt\": \"a fox\", \"completion\": \" in a box\"}\n").unwrap();

    let (lines, models) = (text(&lines), [&file, &alone, &beside].map(|path| text(path)));
    let generate = ["generate", "--prompt", "a fox", "-n", "3", "--max-new-tokens", "8", "--seed", "3"];
    for command in [&generate[..], &["score", "--input", lines]] {
        let said = models.each_ref().map(|model| {
            let output = run(&program, on(command, model));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        });
        assert!(said[0].contains("logprob") && said[0] == said[1] && said[0] == said[2], "{said:?}");
    }
}

#[test]
fn files_that_are_no_models_are_refused() {
    let Some(program) = locate("files_that_are_no_models_are_refused") else { return };
    let desk = tempfile::tempdir().unwrap();
    let whole = fs::read(goldens().join("gguf/tiny_llama_mha_untied.gguf")).unwrap();
    let at = |name: &str| desk.path().join(name);
    // More than the padding behind the last tensor.
    fs::write(at("cut.gguf"), &whole[..whole.len() - 64]).unwrap();
    fs::write(at("other.gguf"), vec![b'x'; 5000]).unwrap();
    let refused = |path: &Path, words: &[&str]| {
        let output = run(&program, on(&["generate", "--prompt", "a"], text(path)));
        assert_refused(&output, words, text(path));
    };
    refused(&at("cut.gguf"), &["cut.gguf", "not a complete GGUF file", "download it again"]);
    refused(&at("other.gguf"), &["other.gguf", "is no GGUF file"]);
    refused(&at("absent.gguf"), &["absent.gguf"]);
    refused(desk.path(), &["2 GGUF files", "cut.gguf, other.gguf"]);
}
