#!/bin/sh
# Makes the files of this folder anew: keys that ssh-keygen loads, or Dropbear makes, in forms that are
# rare, and keys that cannot serve. What ssh-keygen says about each goes to expected.txt.
set -eu
cd "$(dirname "$0")"
find . -type f ! -name make.sh -delete
for curve in 256:prime256v1 384:secp384r1 521:secp521r1; do
  openssl ecparam -name "${curve#*:}" -genkey -noout -param_enc explicit -out "ecdsa-${curve%:*}-explicit.pem"
done
openssl pkcs8 -topk8 -nocrypt -in ecdsa-256-explicit.pem -out ecdsa-256-explicit-pkcs8.pem
openssl ec -in ecdsa-256-explicit.pem -pubout -param_enc explicit -out ecdsa-256-explicit-spki.pem
openssl ec -in ecdsa-256-explicit.pem -param_enc explicit -conv_form compressed -out ecdsa-256-explicit-compressed.pem
openssl genrsa -traditional -primes 3 -out rsa-three-primes.pem 2048
openssl pkcs8 -topk8 -nocrypt -in rsa-three-primes.pem -out rsa-three-primes-pkcs8.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:768 -out rsa-768.pem
openssl dsaparam -genkey -noout -out dsa-q224.pem 2048
for type in rsa dss ecdsa ed25519; do
  rm -f dropbear-$type
  dropbearkey -t $type -f dropbear-$type > dropbear-$type.said
done
chmod 600 ./*
for file in ecdsa-*.pem rsa-three-primes*.pem; do
  if ! ssh-keygen -y -f "$file" > public; then ssh-keygen -i -m PKCS8 -f "$file" > public; fi
  echo "$file $(ssh-keygen -lf public | cut -d' ' -f2 | cut -d: -f2)" >> expected.txt
done
for type in rsa dss ecdsa ed25519; do
  grep -E '^(ssh|ecdsa)-' dropbear-$type.said > public
  echo "dropbear-$type $(ssh-keygen -lf public | cut -d' ' -f2 | cut -d: -f2)" >> expected.txt
  rm dropbear-$type.said
done
rm public
chmod 644 ./*
chmod 755 make.sh
