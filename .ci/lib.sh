# Sourced by the scripts beside it: shell options, the repository's root, the pinned toolchain, what is under check.
# shellcheck shell=bash disable=SC2034 # The lists are read by the scripts that source this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The one crate that may hold `unsafe`.
GATE=membrane/gate
PUBLISHED=(
    object-membrane-gate object-membrane-macros object-membrane object-membrane-runtime
    object-membrane-guest object-membrane-guest-build
)
# Packages with loom tests, and the preemption bounds these run at. A package that reports no execution fails.
LOOM_PACKAGES=(object-membrane-gate object-membrane)
LOOM_BOUNDS=(3 4)
# Packages whose unit tests run under Miri, and the test targets of `tests` that do.
MIRI_PACKAGES=(object-membrane-gate object-membrane)
MIRI_TESTS=(confinement identity callbacks)
# The test targets of `tests` that race threads: under TSan beside the gate's `stress`.
TSAN_TESTS=(threads lease conditions asynchronous authority)
# The test targets of `tests` that compare the pinned compiler's messages, and so mean nothing on nightly.
PINNED_COMPILER_TESTS=(compile)
# The test targets of `tests` that depend on where on the stack a call is.
STACK_TESTS=(lease)
FUZZ_SECONDS=20
HOST=x86_64-unknown-linux-gnu

have() { command -v "$1" >/dev/null 2>&1; }

die() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# contains NEEDLE ITEM...
contains() {
    local needle=$1 item
    shift
    for item; do
        if [ "$item" = "$needle" ]; then return 0; fi
    done
    return 1
}

# What is built with other flags has a directory of its own, or each build would throw the other's away.
target_root=${CARGO_TARGET_DIR:-$PWD/target}
use_target_dir() { export CARGO_TARGET_DIR=$target_root/$1; }

# Not through a pipe: `grep -q` leaves early, and the writer then fails.
has_toolchain() { grep -qE "^$1(-| |\$)" <<<"$(rustup toolchain list)"; }

# names_of TABLE MANIFEST: the `name` of every `[[TABLE]]` in it.
names_of() {
    awk -v table="[[$1]]" '
        /^\[/ { inside = (index($0, table) == 1) }
        inside && /^name *=/ { gsub(/^name *= *"|".*$/, ""); print }
    ' "$2"
}

# features_of MANIFEST: every feature but `default`.
features_of() {
    awk '
        /^\[/ { inside = ($0 ~ /^\[features\]/) }
        inside && /^"?[A-Za-z0-9_-]+"? *=/ { gsub(/^"|"? *=.*$/, ""); if ($0 != "default") print }
    ' "$1"
}

# members: "name directory" of every package in the workspace.
members() {
    cargo tree --quiet --workspace --depth 0 --prefix none --edges normal | sed -n 's/^\([^ ]*\) .*(\(\/.*\))$/\1 \2/p'
}

# build_fuzzers: every libFuzzer target, as cargo-fuzz would.
build_fuzzers() {
    local flags=(
        -Cpasses=sancov-module
        -Cllvm-args=-sanitizer-coverage-level=4
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
        -Cllvm-args=-sanitizer-coverage-pc-table
        -Cllvm-args=-sanitizer-coverage-trace-compares
        --cfg fuzzing
        -Zsanitizer=address
        -Cdebug-assertions
    )
    RUSTFLAGS="${flags[*]}" cargo +nightly build --release --locked --manifest-path fuzz/Cargo.toml --target "$HOST" --bins
}
