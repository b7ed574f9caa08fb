fn main() -> std::process::ExitCode {
    chartbox::cli::main()
}
