#!/usr/bin/env bash
# Builds the Rust tests for 64-bit Windows on Debian and runs them with Wine: scripts/wine.sh [ARGUMENTS OF cargo test].
# The standard library is built from its source, as Debian has none for Windows that fits. Packages:
#   apt-get install rustc-web rust-web-src gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix wine64
# The first build takes ten minutes on two free processors, half an hour on busy ones. SSHSERVER_WINE_TARGET is the folder for it.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
folder=${SSHSERVER_WINE_TARGET:-$PWD/target/wine}
mkdir -p "$folder/parts"
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$folder WINEPREFIX=$folder/prefix
# The tests may change the stores of the prefix above.
export SSHSERVER_WINDOWS_STORES=1
export WINEDEBUG=-all WINEDLLOVERRIDES="bcryptprimitives=n;mscoree=;mshtml="

# What Rust links before and after a program, which is not in Debian's packages.
libraries=$("$RUSTC" --print sysroot)/lib/rustlib/$target/lib
for part in rsbegin rsend; do
  [ -e "$libraries/$part.o" ] && continue
  mkdir -p "$libraries"
  "$RUSTC" --target $target --emit=obj -o "$libraries/$part.o" \
    "$(dpkg -L rust-web-src | grep "/rtstartup/$part.rs$" | head -n 1)"
done

# Wine 8 has no ProcessPrng, which Rust's standard library takes its random numbers from.
if [ ! -e "$folder/parts/bcryptprimitives.dll" ]; then
  cat > "$folder/parts/prng.c" <<'C'
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
  return RtlGenRandom(data, (ULONG)length);
}
C
  x86_64-w64-mingw32-gcc -shared -o "$folder/parts/bcryptprimitives.dll" "$folder/parts/prng.c" -ladvapi32
fi
if [ ! -e "$WINEPREFIX/system.reg" ]; then
  wineboot --init >/dev/null 2>&1
  wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null 2>&1
fi
cp "$folder/parts/bcryptprimitives.dll" "$WINEPREFIX/drive_c/windows/system32/"

# Wine writes to a pipe only what a file would get in one piece.
cat > "$folder/parts/run" <<'R'
#!/bin/sh
output=$(mktemp)
wine "$@" > "$output" 2>&1
status=$?
cat "$output"
rm -f "$output"
exit $status
R
chmod +x "$folder/parts/run"

export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$folder/parts/run
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS=-Clink-self-contained=no
exec cargo test --target $target -Zbuild-std=std,panic_unwind,test --no-default-features "$@"
