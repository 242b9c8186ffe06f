#include "exchange/api/whom.h"

static void read_value(const struct node *value, enum person_kind kind, struct arena *arena, struct person *person,
                       struct complaints *complaints)
{
    struct digest plain;
    bool is_email = value->kind == NODE_TEXT && bytes_find(value->text, '@') < value->text.len;
    if (value->kind == NODE_NULL) return;
    if (value->kind != NODE_TEXT || is_email != (kind == PERSON_EMAIL) || !person_hash_of(value->text, arena, &plain))
        complain(complaints, value->key, "format",
                 kind == PERSON_EMAIL ? "is not an e-mail address" : "is not a phone");
    else
        person->list[person->count++] = (struct person_hash){(uint8_t)kind, plain};
}

bool whom_read(const struct node *document, struct arena *arena, struct person *person, struct ident *lead_id,
               struct complaints *complaints)
{
    person->count = 0;
    *lead_id = IDENT_NONE;
    NODE_EACH(member, document)
    {
        if (bytes_is(member->key, "phone"))
            read_value(member, PERSON_PHONE, arena, person, complaints);
        else if (bytes_is(member->key, "email"))
            read_value(member, PERSON_EMAIL, arena, person, complaints);
        else if (!bytes_is(member->key, "lead_id"))
            complain(complaints, member->key, "unknown", "unknown field");
        else if (member->kind != NODE_NULL && (member->kind != NODE_TEXT || !ident_read(member->text, lead_id)))
            complain(complaints, member->key, "format", "is not a lead's id");
    }
    if (complaints->count == 0 && person->count == 0 && ident_is_none(lead_id))
        complain(complaints, BYTES("phone"), "required", "one of phone, email and lead_id is required");
    return complaints->count == 0;
}

void whom_key(struct worker *worker, const struct person *person, struct person_keys *keys)
{
    for (uint32_t i = 0; i < person->count && keys->count < PERSON_KEYS_MAX; i++) {
        struct digest digest = person->list[i].plain;
        struct person_key *key = &keys->list[keys->count++];
        worker_keyed(worker, &digest);
        key->kind = person->list[i].kind;
        memcpy(key->at, digest.at, PERSON_KEY_LEN);
    }
}
