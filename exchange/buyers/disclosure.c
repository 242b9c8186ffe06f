#include "exchange/buyers/disclosure.h"

#include "exchange/record/person.h"

static struct bytes keyed(struct mac *mac, const struct digest *plain, char text[2 * DIGEST_LEN])
{
    struct digest digest;
    struct sink hex = sink_over(text, 2 * DIGEST_LEN), out;
    sink_hex(&hex, (struct bytes){(const char *)plain->at, DIGEST_LEN});
    struct bytes spelled = sink_written(&hex);
    mac_of(mac, &digest, &spelled, 1);
    out = sink_over(text, 2 * DIGEST_LEN);
    sink_hex(&out, (struct bytes){(const char *)digest.at, DIGEST_LEN});
    return sink_written(&out);
}

bool disclosure_make(struct mac *mac, const struct contract *contract, const struct ping_hashes *person,
                     struct disclosure *disclosure, struct ping_message *message)
{
    if (!mac) return false;
    if (contract->discloses & 1u << PERSON_PHONE && person->has_phone)
        message->phone_hash = keyed(mac, &person->phone, disclosure->phone);
    if (contract->discloses & 1u << PERSON_EMAIL && person->has_email)
        message->email_hash = keyed(mac, &person->email, disclosure->email);
    return true;
}
