#!/bin/sh
# Makes the files of this folder anew, with ssh-keygen, puttygen, openssl, Mono (for XML) and Python's
# jwcrypto, and writes what ssh-keygen says about each key to expected.txt. `MONO` runs a program of
# .NET, `MCS` compiles one, `PYTHON` has jwcrypto and cryptography.
set -eu
cd "$(dirname "$0")"
: "${MONO:=mono}" "${MCS:=mcs}" "${PYTHON:=python3}"
find . -type f ! -name make.sh ! -name README.md -delete
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
printf 'secret' > "$work/password"
types='rsa dsa ecdsa-256 ecdsa-384 ecdsa-521 ed25519'

# the keys that the other files hold: once in a form that openssl reads, once in that of ssh-keygen
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa.pem"
openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -pkeyopt dsa_paramgen_q_bits:160 -out "$work/dsaparam" 2>"$work/log"
openssl genpkey -paramfile "$work/dsaparam" -out "$work/dsa.pem"
for bits in 256 384 521; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-$bits -out "$work/ecdsa-$bits.pem"
done
for type in rsa dsa ecdsa-256 ecdsa-384 ecdsa-521; do
  cp "$work/$type.pem" "$work/$type"
  chmod 600 "$work/$type"
  ssh-keygen -q -p -N '' -f "$work/$type" >"$work/log"
done
ssh-keygen -q -t ed25519 -N '' -C "$work" -f "$work/ed25519"
openssl genpkey -algorithm ed25519 -out "$work/ed25519.pem"
for type in $types; do
  ssh-keygen -q -c -C "made for tests" -f "$work/$type" >"$work/log"
  ssh-keygen -y -f "$work/$type" > "$work/$type.pub"
done

# says: FILE KIND FINGERPRINT, of an SSH public key
expect() {
  echo "$1 $2 $(ssh-keygen -lf "$3" | cut -d' ' -f2 | cut -d: -f2)" >> expected.txt
}

# OpenSSH's own form
cp "$work/dsa" openssh-dsa
expect openssh-dsa private "$work/dsa.pub"
cp "$work/dsa" openssh-dsa-encrypted
ssh-keygen -q -p -P '' -N secret -a 2 -f openssh-dsa-encrypted >"$work/log"
expect openssh-dsa-encrypted encrypted "$work/dsa.pub"

# PuTTY
for type in $types; do
  for version in 2 3; do
    puttygen "$work/$type" -O private --ppk-param version=$version -o $type-v$version.ppk
    expect $type-v$version.ppk private "$work/$type.pub"
    puttygen "$work/$type" -O private --new-passphrase "$work/password" \
      --ppk-param version=$version,memory=64,passes=2 -o $type-v$version-encrypted.ppk
    expect $type-v$version-encrypted.ppk encrypted "$work/$type.pub"
  done
done
for kdf in argon2d argon2i; do
  puttygen "$work/ed25519" -O private --new-passphrase "$work/password" \
    --ppk-param kdf=$kdf,memory=64,passes=3,parallelism=2 -o ed25519-$kdf.ppk
  expect ed25519-$kdf.ppk encrypted "$work/ed25519.pub"
done
puttygen -q -t ed448 --random-device /dev/urandom --new-passphrase /dev/null -O private -o ed448.ppk

# SSH public keys
for type in $types; do
  cp "$work/$type.pub" $type.pub
  expect $type.pub public "$work/$type.pub"
  ssh-keygen -e -m RFC4716 -f "$work/$type.pub" > $type.rfc4716
  expect $type.rfc4716 public "$work/$type.pub"
done
puttygen "$work/rsa" -O public -o putty-rsa.rfc4716
expect putty-rsa.rfc4716 public "$work/rsa.pub"
cut -d' ' -f2 "$work/ed25519.pub" > ed25519.base64
expect ed25519.base64 public "$work/ed25519.pub"
base64 -d ed25519.base64 > ed25519.blob
expect ed25519.blob public "$work/ed25519.pub"
cat "$work/ecdsa-256.pub" "$work/ed25519.pub" > two.pub
ssh-keygen -q -s "$work/ed25519" -I id -n user "$work/ecdsa-256.pub" 2>"$work/log"
cp "$work/ecdsa-256-cert.pub" certificate.pub

# PEM and DER
for type in rsa dsa ecdsa-256 ecdsa-384 ecdsa-521; do
  openssl pkey -in "$work/$type.pem" -pubout -out $type-spki.pem
  expect $type-spki.pem public "$work/$type.pub"
  openssl pkey -in "$work/$type.pem" -pubout -outform DER -out $type-spki.der
  expect $type-spki.der public "$work/$type.pub"
done
openssl rsa -in "$work/rsa.pem" -RSAPublicKey_out -out rsa-pkcs1-public.pem 2>"$work/log"
expect rsa-pkcs1-public.pem public "$work/rsa.pub"
openssl rsa -in "$work/rsa.pem" -RSAPublicKey_out -outform DER -out rsa-pkcs1-public.der 2>"$work/log"
expect rsa-pkcs1-public.der public "$work/rsa.pub"
openssl ec -in "$work/ecdsa-256.pem" -pubout -conv_form compressed -out ecdsa-256-spki-compressed.pem 2>"$work/log"
expect ecdsa-256-spki-compressed.pem public "$work/ecdsa-256.pub"
openssl pkey -in "$work/ed25519.pem" -pubout -out ed25519-spki.pem
$PYTHON -c '
import sys
from cryptography.hazmat.primitives import serialization as s
key = s.load_pem_public_key(open("ed25519-spki.pem", "rb").read())
print(key.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH).decode())' > "$work/spki.pub"
expect ed25519-spki.pem public "$work/spki.pub"
openssl genpkey -algorithm ed448 | openssl pkey -pubout -out ed448-spki.pem
openssl pkey -in "$work/dsa.pem" -out dsa-pkcs8.pem
expect dsa-pkcs8.pem private "$work/dsa.pub"
openssl pkey -in "$work/dsa.pem" -traditional -out dsa-traditional.pem
expect dsa-traditional.pem private "$work/dsa.pub"
grep -v -e "--" dsa-traditional.pem | base64 -d > dsa-traditional.der
expect dsa-traditional.der private "$work/dsa.pub"

# a key with its chain, and several subjects that hold one another
cat > "$work/ca.cnf" <<'END'
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
END
cat > "$work/leaf.cnf" <<'END'
keyUsage = critical, digitalSignature, keyEncipherment, dataEncipherment
extendedKeyUsage = serverAuth, clientAuth, 1.3.6.1.4.1.311.20.2.2
subjectAltName = DNS:leaf.example.com, DNS:*.leaf.example.com, IP:192.0.2.7
END
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ca.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/sub.pem"
request() { openssl req -new -utf8 -key "$work/$1.pem" -subj "$2" -out "$work/$1.csr"; }
request ca '/C=DE/O=Example, Inc./CN=Example Root'
openssl x509 -req -in "$work/ca.csr" -signkey "$work/ca.pem" -days 36500 -extfile "$work/ca.cnf" -set_serial 1 -out "$work/ca.crt" 2>"$work/log"
request sub '/C=DE/O=Example, Inc./CN=Example Issuer "2"'
openssl x509 -req -in "$work/sub.csr" -CA "$work/ca.crt" -CAkey "$work/ca.pem" -days 36500 -extfile "$work/ca.cnf" -set_serial 0x00c0ffee -out "$work/sub.crt" 2>"$work/log"
request rsa '/C=DE/ST=Berlin/L=Mitte/O=Example, Inc./OU=R\+D/CN=leaf.example.com/emailAddress=host@example.com'
openssl x509 -req -in "$work/rsa.csr" -CA "$work/sub.crt" -CAkey "$work/sub.pem" -days 36500 -extfile "$work/leaf.cnf" -set_serial 0x8000000000000000000000000000000001 -out "$work/leaf.crt" 2>"$work/log"
cat "$work/rsa.pem" "$work/leaf.crt" "$work/sub.crt" "$work/ca.crt" > rsa-with-chain.pem
expect rsa-with-chain.pem private "$work/rsa.pub"
cat "$work/ca.crt" "$work/sub.crt" "$work/leaf.crt" "$work/rsa.pem" > chain-before-rsa.pem
expect chain-before-rsa.pem private "$work/rsa.pub"
openssl req -x509 -key "$work/dsa.pem" -sha256 -subj /CN=dsa.example.com -days 36500 -out "$work/dsa.crt"
cat "$work/dsa.pem" "$work/dsa.crt" > dsa-with-certificate.pem
expect dsa-with-certificate.pem private "$work/dsa.pub"
{
  openssl x509 -in "$work/leaf.crt" -noout -subject -issuer -serial -dates -ext keyUsage,extendedKeyUsage,subjectAltName
  for hash in md5 sha1 sha256; do openssl x509 -in "$work/leaf.crt" -noout -fingerprint -$hash; done
  for hash in md5 sha1 sha256; do ssh-keygen -l -E $hash -f "$work/rsa.pub"; done
} > leaf.txt

# XML as .NET's ToXmlString writes it
cat > "$work/xml.cs" <<'END'
using System.IO;
using System.Security.Cryptography;

class MakeXml {
  static void Main() {
    foreach (int bits in new int[] { 1024, 2048 })
      using (var key = new RSACryptoServiceProvider(bits)) {
        File.WriteAllText("rsa-" + bits + ".xml", key.ToXmlString(true));
        File.WriteAllText("rsa-" + bits + "-public.xml", key.ToXmlString(false));
      }
    using (var key = new DSACryptoServiceProvider(1024)) {
      File.WriteAllText("dsa.xml", key.ToXmlString(true));
      File.WriteAllText("dsa-public.xml", key.ToXmlString(false));
    }
  }
}
END
$MCS "$work/xml.cs" -out:"$work/xml.exe"
$MONO "$work/xml.exe"
# what is in an XML file, told without reading XML with our own code
cat > "$work/public.py" <<'END'
import base64, re, sys
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
text = open(sys.argv[1]).read()
def n(name):
    return int.from_bytes(base64.b64decode(re.search(f"<{name}>(.*?)</{name}>", text).group(1)), "big")
if "<RSAKeyValue>" in text:
    key = rsa.RSAPublicNumbers(n("Exponent"), n("Modulus")).public_key()
else:
    key = dsa.DSAPublicNumbers(n("Y"), dsa.DSAParameterNumbers(n("P"), n("Q"), n("G"))).public_key()
print(key.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH).decode())
END
for file in rsa-1024 rsa-2048 dsa; do
  $PYTHON -W ignore "$work/public.py" $file.xml > "$work/xml.pub"
  expect $file.xml private "$work/xml.pub"
  $PYTHON -W ignore "$work/public.py" $file-public.xml > "$work/xml.pub"
  expect $file-public.xml public "$work/xml.pub"
done

# JSON Web Keys
cat > "$work/jwk.py" <<'END'
import json, sys
from jwcrypto import jwk
from cryptography.hazmat.primitives import serialization as s
folder = sys.argv[1]
def ssh_public(key):
    pem = key.export_to_pem()
    public = s.load_pem_public_key(pem)
    return public.public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH).decode()
kinds = {
    "rsa": dict(kty="RSA", size=2048), "p256": dict(kty="EC", crv="P-256"),
    "p384": dict(kty="EC", crv="P-384"), "p521": dict(kty="EC", crv="P-521"),
    "ed25519": dict(kty="OKP", crv="Ed25519"),
}
both = jwk.JWKSet()
for name, kind in kinds.items():
    key = jwk.JWK.generate(kid=f"{name} key", **kind)
    open(f"{name}.jwk", "w").write(key.export())
    open(f"{name}-public.jwk", "w").write(key.export_public())
    open(f"{folder}/{name}.jwk.pub", "w").write(ssh_public(key))
    if name in ("p256", "ed25519"):
        both.add(key)
open("set.jwk", "w").write(both.export())
for name, kind in {"oct": dict(kty="oct", size=256), "secp256k1": dict(kty="EC", crv="secp256k1"),
                   "ed448": dict(kty="OKP", crv="Ed448"), "x25519": dict(kty="OKP", crv="X25519")}.items():
    open(f"{name}.jwk", "w").write(jwk.JWK.generate(**kind).export())
key = jwk.JWK.from_pem(open(f"{folder}/rsa.pem", "rb").read())
pem = open(f"{folder}/leaf.crt").read()
body = "".join(line for line in pem.splitlines() if "--" not in line)
made = json.loads(key.export())
made["x5c"] = [body]
json.dump(made, open("rsa-x5c.jwk", "w"), indent=1)
END
$PYTHON "$work/jwk.py" "$work"
for name in rsa p256 p384 p521 ed25519; do
  expect $name.jwk private "$work/$name.jwk.pub"
  expect $name-public.jwk public "$work/$name.jwk.pub"
done
expect rsa-x5c.jwk private "$work/rsa.pub"
node -e '
const { createPrivateKey } = require("crypto"), { readFileSync, writeFileSync } = require("fs");
const key = createPrivateKey(readFileSync(process.argv[1]));
writeFileSync("node-rsa.jwk", JSON.stringify(key.export({ format: "jwk" })));
' "$work/rsa.pem"
expect node-rsa.jwk private "$work/rsa.pub"
