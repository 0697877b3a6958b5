#!/bin/sh
# Makes the files of this folder: one key in every encryption that OpenSSL offers for it. The
# password is `secret`. Needs OpenSSL 3 with its legacy provider. A cipher that OpenSSL lists but
# cannot write a key with leaves no file.
set -eu
cd "$(dirname "$0")"
providers='-provider default -provider legacy'
eddsa=../keys/pkcs8-ed25519.pem
ecdsa=../keys/sec1-ecdsa-256.pem
rm -f -- *.pem

write() { # file, command...
  file=$1
  shift
  # shellcheck disable=SC2086
  "$@" $providers -passout pass:secret -out "$file" 2>/dev/null && [ -s "$file" ] || rm -f "$file"
}

for scheme in PBE-MD5-DES PBE-SHA1-DES PBE-MD5-RC2-64 PBE-SHA1-RC2-64 PBE-SHA1-RC4-128 \
  PBE-SHA1-RC4-40 PBE-SHA1-3DES PBE-SHA1-2DES PBE-SHA1-RC2-128 PBE-SHA1-RC2-40; do
  write "v1-$scheme.pem" openssl pkcs8 -topk8 -in $eddsa -v1 $scheme -iter 16
done
ciphers='aes-128-cbc aes-192-cbc aes-256-cbc aria-128-cbc aria-192-cbc aria-256-cbc bf-cbc
  camellia-128-cbc camellia-192-cbc camellia-256-cbc cast5-cbc des-cbc des-ede-cbc des-ede3-cbc
  desx-cbc idea-cbc rc2-cbc rc2-40-cbc rc2-64-cbc rc5-cbc seed-cbc sm4-cbc'
for cipher in $ciphers aes-256-gcm aes-256-cfb; do
  write "v2-$cipher.pem" openssl pkcs8 -topk8 -in $eddsa -v2 $cipher -iter 16
done
for prf in MD5 SHA1 SHA224 SHA256 SHA384 SHA512 SHA512-224 SHA512-256; do
  write "prf-$prf.pem" openssl pkcs8 -topk8 -in $eddsa -v2 aes-256-cbc -v2prf hmacWith$prf -iter 16
done
write scrypt.pem openssl pkcs8 -topk8 -in $eddsa -scrypt -scrypt_N 64 -scrypt_r 8 -scrypt_p 1
for cipher in $ciphers aes-256-cfb; do
  write "dek-$cipher.pem" openssl ec -in $ecdsa -$cipher
done
