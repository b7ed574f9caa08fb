# What the other scripts share. Sourced, not run.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

# need PACKAGE…: installs the Debian packages that are missing, and says which. Does nothing when all are there.
need() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            say "These packages are missing: ${missing[*]}. Install them as root, or install sudo, then run this again."
            exit 1
        }
        root=(sudo)
    fi
    say "Installing ${missing[*]} …"
    "${root[@]}" apt-get update -qq >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# The Rust tools, at least as new as Cargo.toml asks for.
need_rust() {
    [ -d "${CARGO_HOME:-$HOME/.cargo}/bin" ] && PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    command -v cargo >/dev/null || {
        say "Rust is missing. Install it from https://rustup.rs, then run this again."
        exit 1
    }
    local wanted have
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have=$(rustc --version | cut -d' ' -f2)
    if [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n1)" != "$wanted" ]; then
        say "Rust $have is too old, Chartbox needs $wanted. Run: rustup update stable"
        exit 1
    fi
}

# Node as a program, whichever way it came: Debian's package only where there is none.
need_node() {
    local missing=()
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    [ ${#missing[@]} -eq 0 ] || need "${missing[@]}"
}
