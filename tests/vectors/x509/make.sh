#!/bin/sh
# Makes the keys, certificates and signatures of this folder, with OpenSSL 3 and, for a DSA key with a q of 160
# bits, ssh-keygen. The keys are for tests only.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/cnf" <<CNF
[ca]
default_ca = it
[it]
database = $work/index
new_certs_dir = $work
serial = $work/serial
crlnumber = $work/crlnumber
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[sub]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
[user]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = email:user@example.com
CNF

# the authority of this name; its list of certificates begins anew
authority() {
  : >"$work/index"
  echo 01 >"$work/crlnumber"
  name=$1
  shift
  openssl ca -batch -config "$work/cnf" -keyfile "$name.key" "$@" 2>>"$work/log"
}

# certify NAME SECTION SUBJECT ISSUER SERIAL: from 2026 to 2125
certify() {
  openssl req -new -key "$1.key" -subj "$3" -out "$work/csr"
  echo "$5" >"$work/serial"
  if [ "$1" = "$4" ]; then signer=-selfsign; else signer="-cert $4.crt"; fi
  authority "$4" $signer -in "$work/csr" -extensions "$2" -notext -preserveDN \
    -startdate 20260101000000Z -enddate 21251231235959Z -out "$1.crt"
}

openssl ecparam -name prime256v1 -genkey -noout -out root.key
certify root root '/O=Example/CN=Root' root 01
openssl ecparam -name prime256v1 -genkey -noout -out sub.key
certify sub sub '/O=Example/CN=Users' root 02

openssl genrsa -out rsa.key 2048 2>/dev/null
rm -f dsa.key
ssh-keygen -q -t dsa -m PEM -N '' -C '' -f dsa.key
rm dsa.key.pub
for bits in 256:prime256v1 384:secp384r1 521:secp521r1; do
  openssl ecparam -name "${bits#*:}" -genkey -noout -out "ecdsa-${bits%:*}.key"
done
openssl genpkey -algorithm ed25519 -out ed25519.key
serial=10
for key in rsa dsa ecdsa-256 ecdsa-384 ecdsa-521 ed25519; do
  certify "$key" user "/O=Example/CN=user $key" sub "$serial"
  serial=$((serial + 1))
done

# signatures of "sample"
printf sample >"$work/sample"
openssl dgst -sha1 -sign rsa.key -out rsa-sha1.sig "$work/sample"
openssl dgst -sha256 -sign rsa.key -out rsa-sha256.sig "$work/sample"
openssl dgst -sha1 -sign dsa.key -out dsa-sha1.sig "$work/sample"
openssl dgst -sha256 -sign ecdsa-256.key -out ecdsa-256.sig "$work/sample"
openssl dgst -sha384 -sign ecdsa-384.key -out ecdsa-384.sig "$work/sample"
openssl dgst -sha512 -sign ecdsa-521.key -out ecdsa-521.sig "$work/sample"
openssl pkeyutl -sign -inkey ed25519.key -rawin -in "$work/sample" -out ed25519.sig

# revocation lists: of nobody, and of the user with the RSA key
crl() {
  authority "$2" -cert "$2.crt" -gencrl -crl_lastupdate 20260101000000Z -crl_nextupdate "$3" -out "$1.crl"
}
crl root root 21251231235959Z
crl sub-nobody sub 21251231235959Z
crl sub-old sub 20260102000000Z
: >"$work/index"
echo 01 >"$work/crlnumber"
openssl ca -config "$work/cnf" -cert sub.crt -keyfile sub.key -revoke rsa.crt 2>>"$work/log"
openssl ca -config "$work/cnf" -cert sub.crt -keyfile sub.key -gencrl -crl_lastupdate 20260101000000Z \
  -crl_nextupdate 21251231235959Z -out sub-rsa.crl 2>>"$work/log"
