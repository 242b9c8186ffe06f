/* apikey: the keys affiliates, buyers and operators show (api.md, "Authentication"): a prefix that tells the kind, 256
 * random bits and a checksum, so that a mistyped or foreign text is refused before anything is looked up. Only the
 * SHA-256 of the whole text is kept anywhere.
 *
 *   oc_aff_ | oc_aff_test_ | oc_buy_ | oc_adm_   then 58 letters of a-z 2-7: base 32 of 32 random bytes and 4 of
 * checksum */
#pragma once

#include "protocol/crypto/digest.h"

#define APIKEY_TEXT_MAX 70u

enum apikey_kind { APIKEY_AFFILIATE, APIKEY_AFFILIATE_TEST, APIKEY_BUYER, APIKEY_ADMIN, APIKEY_KINDS };

/* Writes a fresh key as a NUL-terminated text of up to APIKEY_TEXT_MAX characters; wipe it after use. */
void apikey_make(enum apikey_kind kind, char text[APIKEY_TEXT_MAX + 1]);
/* True if the form and the checksum are right; *kind is then set. Says nothing about whether anyone holds this key. */
bool apikey_read(struct bytes text, enum apikey_kind *kind);
/* SHA-256 of the whole text: what catalogue and settings name as "sha256:<hex>". */
void apikey_digest(struct bytes text, struct digest *digest);
