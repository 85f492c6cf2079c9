#!/bin/sh
# signed-cookies.sh KEY_PAIR_ID PRIVATE_KEY.pem HOST HOURS: print the three cookies that open CloudFront to one reader.
#
# Run it where people sign on, once they have, and send what it prints as header fields of that answer. KEY_PAIR_ID is
# the id of the public key in the distribution's trusted key group; the private key is RSA, 2048 bits.
set -eu
pair=$1 key=$2 host=$3 hours=$4
until=$(($(date +%s) + hours * 3600))
policy="{\"Statement\":[{\"Resource\":\"https://$host/*\",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":$until}}}]}"

written() { openssl base64 -A | tr '+=/' '-_~'; }
cookie() { echo "Set-Cookie: CloudFront-$1=$2; Domain=$host; Path=/; Max-Age=$((hours * 3600)); Secure; HttpOnly; SameSite=Lax"; }

cookie Policy "$(printf %s "$policy" | written)"
cookie Signature "$(printf %s "$policy" | openssl dgst -sha1 -sign "$key" | written)"
cookie Key-Pair-Id "$pair"
