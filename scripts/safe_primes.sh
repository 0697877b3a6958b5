#!/bin/sh
# Makes safe primes for group exchange: the lines of src/crypto/kex/safe_primes.txt.
#
#     scripts/safe_primes.sh 3072 24000 >> src/crypto/kex/safe_primes.txt
#
# ssh-keygen sieves numbers q of this size from a random one on, and tests 24000 of those that fit:
# q and p = 2q + 1 have to be probably prime, in 100 rounds each. About one of 1500 survives with 2048
# bits, of 3000 with 3072, of 6000 with 4096, of 13000 with 6144 and of 24000 with 8192; sieving takes
# some minutes, testing seconds to hours. The tests of group_exchange.rs test every line again, with
# AWS-LC.
set -eu
bits=$1
count=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ssh-keygen -M generate -O bits="$bits" "$folder/candidates" >&2

# Only p = 23 mod 24, which is q = 11 mod 12: there 2 has the order q and not 2q, as in the groups of
# RFC 3526. (Of these ssh-keygen takes only such for which it would choose 5: p = 3 or 7 mod 10.)
awk 'NF == 7 {
  digits = toupper($7)
  sum = 0
  for (at = 1; at <= length(digits); at++)
    sum += index("0123456789ABCDEF", substr(digits, at, 1)) - 1
  last = index("0123456789ABCDEF", substr(digits, length(digits), 1)) - 1
  if (sum % 3 == 2 && last % 4 == 3) print
}' "$folder/candidates" > "$folder/wanted"

ssh-keygen -M screen -O lines="$count" -f "$folder/wanted" "$folder/primes" >&2
awk 'NF == 7 { print tolower($7) }' "$folder/primes"
