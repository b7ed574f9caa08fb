/// Gives memory back within a tenth of a second, where the system's allocator keeps what the busiest moment took.
/// The second version of it does so soonest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // A huge page stays whole in memory for one small thing in it. An old kernel that cannot be told so wastes memory only.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    chartbox::cli::main()
}
