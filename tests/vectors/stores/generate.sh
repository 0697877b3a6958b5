#!/bin/sh
# Makes the stores of this folder. The password is `secret1`, that of some keys `secret2`, that of a
# few stores empty, as their names say. Needs OpenSSL 3 with its legacy provider, a JDK with keytool,
# Bouncy Castle (Debian: libbcprov-java) and GnuTLS's certtool, and for PBMAC1 an OpenSSL of 3.4 or
# later:
#
#   OPENSSL_PBMAC1=openssl BCPROV=/usr/share/java/bcprov.jar CERTTOOL=certtool sh generate.sh
#
# rsa.key, ec.key and ed25519.key are the private keys by themselves; what every store has to yield
# is compared with them.
set -eu
cd "$(dirname "$0")"
: "${OPENSSL_PBMAC1:=openssl}" "${BCPROV:=/usr/share/java/bcprov.jar}" "${CERTTOOL:=certtool}"
legacy='-provider default -provider legacy'
rm -f -- *.p12 *.jks *.jceks *.bcfks *.p7b *.pem *.der *.key

# keys, and a chain: leaf, intermediate, root
openssl genrsa -out rsa.key 2048 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key
openssl genpkey -algorithm ed25519 -out ed25519.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.tmp
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out middle.tmp
days='-days 36500'
ca='-addext basicConstraints=critical,CA:TRUE'
# shellcheck disable=SC2086
{
  openssl req -x509 -key root.tmp $days $ca -subj '/O=Example/CN=Root' -out root.pem
  openssl req -x509 -key middle.tmp $days $ca -subj '/O=Example/CN=Middle' -CA root.pem \
    -CAkey root.tmp -out middle.pem
  openssl req -x509 -key rsa.key $days -subj '/O=Example/CN=rsa.example.com' -CA middle.pem \
    -CAkey middle.tmp -out rsa.pem
  openssl req -x509 -key ec.key $days -subj '/O=Example/CN=ec.example.com' -out ec.pem
  openssl req -x509 -key ed25519.key $days -subj '/CN=ed25519.example.com' -out ed25519.pem
} 2>/dev/null

p12() { # file, arguments...
  file=$1
  shift
  openssl pkcs12 -export -inkey rsa.key -in rsa.pem -name 'a name' -iter 64 -out "$file" "$@"
}
ec12() {
  file=$1
  shift
  openssl pkcs12 -export -inkey ec.key -in ec.pem -name ec -iter 64 -out "$file" "$@"
}
pass='-passout pass:secret1'
cat root.pem middle.pem > chain.tmp
# shellcheck disable=SC2086
{
  p12 rsa.p12 $pass -certfile chain.tmp
  ec12 ec.p12 $pass
  openssl pkcs12 -export -inkey ed25519.key -in ed25519.pem -out ed25519.p12 $pass -iter 64
  ec12 legacy.p12 $pass -legacy
  for scheme in PBE-SHA1-3DES PBE-SHA1-2DES PBE-SHA1-RC2-128 PBE-SHA1-RC2-40 PBE-SHA1-RC4-128 \
    PBE-SHA1-RC4-40; do
    ec12 "$scheme.p12" $pass -certpbe $scheme -keypbe $scheme -macalg sha1 $legacy
  done
  for cipher in aes-128-cbc aes-192-cbc camellia-256-cbc; do
    ec12 "$cipher.p12" $pass -certpbe $cipher -keypbe $cipher
  done
  for mac in md5 sha1 sha224 sha384 sha512; do
    ec12 "mac-$mac.p12" $pass -macalg $mac
  done
  ec12 mac-once.p12 $pass -nomaciter
  ec12 no-mac.p12 $pass -nomac
  ec12 plain.p12 -passout pass: -certpbe NONE -keypbe NONE -nomac
  ec12 plain-with-mac.p12 $pass -certpbe NONE -keypbe NONE
  ec12 plain-certificate.p12 $pass -certpbe NONE
  ec12 empty-password.p12 -passout pass:
  ec12 empty-password-legacy.p12 -passout pass: -legacy
  ec12 utf8-password.p12 -passout 'pass:grüße €🔑'
  ec12 utf8-password-legacy.p12 -passout 'pass:grüße €🔑' -legacy
  openssl pkcs12 -export -inkey ec.key -nocerts -out key-only.p12 $pass -iter 64
  openssl pkcs12 -export -nokeys -in rsa.pem -certfile chain.tmp -out certificates-only.p12 $pass \
    -iter 64
  for hash in sha256 sha512; do
    "$OPENSSL_PBMAC1" pkcs12 -export -inkey ec.key -in ec.pem -name ec -iter 64 $pass \
      -pbmac1_pbkdf2 -pbmac1_pbkdf2_md $hash -macalg $hash -out "pbmac1-$hash.p12"
  done
}
"$CERTTOOL" --to-p12 --load-privkey ec.key --load-certificate ec.pem --p12-name ec \
  --password secret1 --outder --outfile gnutls.p12 2>/dev/null
openssl genpkey -algorithm ed448 -out ed448.tmp
openssl req -x509 -key ed448.tmp -days 36500 -subj '/CN=ed448.example.com' -out ed448.cert.tmp
openssl pkcs12 -export -inkey ed448.tmp -in ed448.cert.tmp -out ed448.p12 -passout pass:secret1 \
  -iter 64

# several entries: both keys and a certificate that is only trusted
tool() { # type, file, more arguments...
  type=$1 file=$2
  shift 2
  for from in rsa ec; do
    keytool -importkeystore -srckeystore $from.p12 -srcstoretype PKCS12 -srcstorepass secret1 \
      -destkeystore "$file" -deststoretype "$type" -deststorepass secret1 -noprompt "$@" 2>/dev/null
  done
  keytool -importcert -file ed25519.pem -alias trusted -keystore "$file" -storetype "$type" \
    -storepass secret1 -noprompt "$@" 2>/dev/null
}
bc="-providerpath $BCPROV -provider org.bouncycastle.jce.provider.BouncyCastleProvider"
tool PKCS12 keytool.p12
tool PKCS12 keytool-legacy.p12 -J-Dkeystore.pkcs12.legacy
tool JKS keytool.jks
tool JCEKS keytool.jceks
# shellcheck disable=SC2086
tool BCFKS keytool.bcfks $bc
keytool -genkeypair -alias dsa -keyalg DSA -keysize 1024 -storetype JKS -keystore dsa.jks \
  -storepass secret1 -keypass secret1 -dname CN=dsa 2>/dev/null
java -cp "$BCPROV" Make.java

openssl crl2pkcs7 -nocrl -certfile rsa.pem -certfile middle.pem -certfile root.pem -out chain.p7b
openssl crl2pkcs7 -nocrl -certfile rsa.pem -certfile middle.pem -certfile root.pem -outform DER \
  -out chain-der.p7b
openssl crl2pkcs7 -nocrl -outform DER -out empty.p7b
echo content | openssl cms -sign -signer ec.pem -inkey ec.key -certfile root.pem -nodetach -stream \
  -outform DER -out signed-ber.p7b
rm -f -- *.tmp
