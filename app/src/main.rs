//! The `selfsame` program; everything it does is in the library beside it.

fn main() -> std::process::ExitCode {
    selfsame::main()
}
