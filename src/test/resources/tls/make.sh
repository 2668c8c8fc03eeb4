#!/bin/sh
# Makes the certificates and keys of this folder with OpenSSL 3 (-legacy forms included). They guard nothing: for tests only.
set -eu
days=36500
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key
openssl req -x509 -new -key ca.key -days $days -subj /CN=test-authority -out ca.crt
leaf() { # name, algorithm options
    name=$1; shift
    openssl genpkey -quiet "$@" -out "$name.key"
    openssl req -new -key "$name.key" -subj "/CN=$name" -addext subjectAltName=IP:127.0.0.1,DNS:localhost -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days $days -copy_extensions copy -out "$name.crt"
    rm -f "$name.csr"
}
leaf server -algorithm RSA -pkeyopt rsa_keygen_bits:2048
leaf server-renewed -algorithm EC -pkeyopt ec_paramgen_curve:P-256
leaf client -algorithm EC -pkeyopt ec_paramgen_curve:P-384
leaf edward -algorithm ED25519
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out stranger.key
openssl req -x509 -new -key stranger.key -days $days -subj /CN=stranger -addext subjectAltName=IP:127.0.0.9 -out stranger.crt
cat > expired.cnf <<'CONFIG'
[ca]
default_ca=test
[test]
database=expired.index
new_certs_dir=/tmp
rand_serial=yes
default_md=sha256
policy=any
[any]
commonName=supplied
CONFIG
touch expired.index
openssl req -new -key client.key -subj /CN=expired -out expired.csr
openssl ca -batch -config expired.cnf -selfsign -keyfile client.key -in expired.csr -notext -out expired.crt \
    -startdate 20200101000000Z -enddate 20200201000000Z
rm -f expired.csr expired.cnf expired.index*
# One key in every form; the password is "secret".
openssl rsa -in server.key -traditional -out rsa-pkcs1.pem
openssl rsa -in server.key -traditional -aes256 -passout pass:secret -out rsa-pkcs1-aes256.pem
openssl rsa -in server.key -traditional -aes128 -passout pass:secret -out rsa-pkcs1-aes128.pem
openssl rsa -in server.key -traditional -des3 -passout pass:secret -out rsa-pkcs1-des3.pem
openssl pkcs8 -topk8 -in server.key -passout pass:secret -out rsa-pkcs8-default.pem
openssl pkcs8 -topk8 -in server.key -v2 aes-128-cbc -v2prf hmacWithSHA1 -passout pass:secret -out rsa-pkcs8-aes128-sha1.pem
openssl pkcs8 -topk8 -in server.key -v2 aes-256-cbc -v2prf hmacWithSHA512 -passout pass:secret -out rsa-pkcs8-aes256-sha512.pem
openssl pkcs8 -topk8 -in server.key -v2 des3 -passout pass:secret -out rsa-pkcs8-des3.pem
openssl pkcs8 -topk8 -in server.key -v1 PBE-SHA1-3DES -passout pass:secret -out rsa-pkcs8-pbe1.pem
openssl pkcs8 -topk8 -in server.key -scrypt -passout pass:secret -out rsa-pkcs8-scrypt.pem
openssl pkcs8 -topk8 -in server.key -outform DER -nocrypt -out rsa-pkcs8.der
openssl pkcs8 -topk8 -in server.key -passout pass:pässwörd -out rsa-pkcs8-umlaut.pem
openssl ec -in client.key -out ec-sec1-only.pem
{ openssl ecparam -name secp384r1; cat ec-sec1-only.pem; } > ec-sec1.pem
rm ec-sec1-only.pem
openssl ec -in client.key -aes256 -passout pass:secret -out ec-sec1-aes256.pem
openssl pkcs8 -topk8 -in client.key -passout pass:secret -out ec-pkcs8-default.pem
cat server.crt server.key > server-both.pem
rm -f ca.srl
