/// Gives back what a busy moment took, where the system's allocator keeps it: an idle box stays small.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // A huge page stays whole in memory for one small thing in it. An old kernel that cannot be told so wastes memory only.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    chartbox::cli::main()
}
