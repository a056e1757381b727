#!/usr/bin/env bash
# Runs every fuzz target for a while, with the corpus as seeds. A finding stops it and stays in fuzz/artifacts.
#
#   tests/fuzz.sh [SECONDS [FILE]]   seconds for each target (600); FILE is where the figures are written
#
# RESTANTE_FUZZ_TARGETS   names of targets, where not all are to run
#
# It builds with the toolchain at hand: RUSTC_BOOTSTRAP=1 lets a stable compiler take the sanitizer's flags. cargo-fuzz
# can't pass --ignore-rust-version on (docs/decisions/0002-rust-version.md), so a cargo that adds it stands first on PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-600}
figures=${2:-}
target=${CARGO_TARGET_DIR:-$PWD/target}
shared=${RESTANTE_SHARED:-$PWD/../shared}
work=$target/fuzz
CARGO_FUZZ=0.13.2
MAX_LENGTH=65536 # octets of an input: enough for any shape, and quick

unset CARGO_TARGET_DIR
[[ ! -d $shared ]] || export RESTANTE_SHARED=$shared # the keys of the samples, for what opens them
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

install_cargo_fuzz() {
    "$work/tools/bin/cargo-fuzz" --version 2>/dev/null | grep -q "$CARGO_FUZZ" && return
    cargo install --quiet --locked --root "$work/tools" --version "$CARGO_FUZZ" cargo-fuzz
}

make_cargo() {
    cat >"$scratch/cargo" <<END
#!/usr/bin/env bash
case "\$1" in
build | check | run | rustc) exec "$(command -v cargo)" "\$1" --ignore-rust-version "\${@:2}" ;;
*) exec "$(command -v cargo)" "\$@" ;;
esac
END
    chmod +x "$scratch/cargo"
}

fuzz() { PATH=$scratch:$PATH RUSTC_BOOTSTRAP=1 "$work/tools/bin/cargo-fuzz" "$@"; }

# Fills the seeds of a target from the shared data.
seeds() {
    local folder=$work/seeds/$1
    mkdir -p "$folder"
    [[ -d $shared/corpus ]] || return 0
    case $1 in
    header_values)
        find "$shared/corpus" -name '*.eml' -print0 | xargs -0 grep -ahiE '^(from|to|date|subject|message-id|references|content-[a-z-]+) *:' |
            sed -E 's/^[^:]*://' | LC_ALL=C sort -u | LC_ALL=C awk -v folder="$folder" '{file = folder "/" NR; print > file; close(file)}'
        ;;
    smime_split)
        python3 tests/structures.py "$shared/corpus/smime" "$folder"
        ;;
    smime_open)
        find "$shared/corpus/smime" "$shared/corpus/mime/synthetic" -name '*.eml' -size -64k -print0 |
            while IFS= read -r -d '' file; do cp "$file" "$folder/$(sha256sum "$file" | cut -c1-16)"; done
        ;;
    base64_body)
        find "$shared/seed" -name '*.b64' -exec cp {} "$folder" \;
        ;;
    calendar)
        find "$shared/corpus" -name '*.eml' -print0 | xargs -0 grep -lia 'begin:vcalendar' | while IFS= read -r file; do
            sed -n '/^BEGIN:VCALENDAR/,/^END:VCALENDAR/p' "$file" >"$folder/$(sha256sum "$file" | cut -c1-16)"
        done
        ;;
    kql | odata_*)
        # Addresses of the documented requests; only their paths for the target that reads paths.
        grep -rhoE '"(url|path)": *"[^"]*"|/v1\.0/[^"]*' "$shared/api/examples" | sed -E 's/^"[a-z]*": *"|"$//g' |
            if [[ $1 == odata_path ]]; then sed 's/?.*//'; else sed -nE 's/^[^?]*\?//p' | sed 'p; s/^[^=]*=//'; fi |
            LC_ALL=C sort -u | LC_ALL=C awk -v folder="$folder" '{file = folder "/" NR; print > file; close(file)}'
        ;;
    *)
        find "$shared/corpus" -name '*.eml' -size -64k -print0 |
            while IFS= read -r -d '' file; do cp "$file" "$folder/$(sha256sum "$file" | cut -c1-16)"; done
        ;;
    esac
}

run_target() {
    local name=$1 report=$work/$1.log
    seeds "$name"
    mkdir -p "$work/found/$name"
    # What is found goes into the first folder, which is kept from run to run.
    fuzz run --target-dir "$work/build" "$name" "$work/found/$name" "$work/seeds/$name" -- \
        -max_total_time="$seconds" -max_len=$MAX_LENGTH -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 >"$report" 2>&1 || {
        tail -40 "$report" >&2
        if grep -q 'Test unit written' "$report"; then
            echo "tests/fuzz.sh: $name found something; the input is in fuzz/artifacts/$name" >&2
        else
            echo "tests/fuzz.sh: $name did not run to its end" >&2
        fi
        return 1
    }
    local count
    count=$(sed -nE 's/^stat::number_of_executed_units: *//p' "$report")
    ((count > 0)) || {
        echo "tests/fuzz.sh: $name ran nothing" >&2
        return 1
    }
    echo "| \`$name\` | $seconds | $count | 0 |" | tee -a "$scratch/table"
}

install_cargo_fuzz
make_cargo
for name in ${RESTANTE_FUZZ_TARGETS:-$(fuzz list)}; do
    run_target "$name"
done
if [[ -n $figures ]]; then
    {
        echo "# Fuzzing"
        echo
        echo "Made by \`tests/fuzz.sh\` (cargo-fuzz $CARGO_FUZZ, AddressSanitizer) on $(nproc) cores of $(uname -m), with the corpus as seeds."
        echo
        echo "| target | seconds | inputs | findings |"
        echo "|---|---|---|---|"
        cat "$scratch/table"
    } >"$figures"
fi
