/* The key is printed once and kept nowhere; what goes into settings or catalogue is its hash. */
#include <stdio.h>

#include "exchange/command/command.h"
#include "exchange/command/options.h"
#include "protocol/crypto/apikey.h"

enum { JSON };

static const struct option_row rows[] = {
    [JSON] = {"json", NULL, "print JSON"},
};
static const struct options options = {
    .command = "key",
    .usage = "new affiliate|affiliate-test|buyer|admin",
    .prose = "Makes a key and prints it, this once, with its hash. The hash goes into the catalogue (keys of an "
             "affiliate or\n"
             "buyer) or the settings (admin_keys); the key goes to who is to use it.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
    .arguments_min = 1,
    .arguments_max = 2,
};

struct kind {
    const char *name;
    enum apikey_kind kind;
    const char *place;
};
static const struct kind kinds[] = {
    {"affiliate", APIKEY_AFFILIATE, "the affiliate's keys in the catalogue"},
    {"affiliate-test", APIKEY_AFFILIATE_TEST, "the affiliate's keys in the catalogue"},
    {"buyer", APIKEY_BUYER, "the buyer's keys in the catalogue"},
    {"admin", APIKEY_ADMIN, "admin_keys in the settings"},
};

static const struct kind *find_kind(const char *name);
static int make(const struct kind *kind, bool as_json);
static int complain(const char *what, const char *word);

int command_key(int argc, char **argv)
{
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    const char *verb = given.arguments[0];
    if (strcmp(verb, "list") == 0 || strcmp(verb, "revoke") == 0)
        return complain("not supported yet (keys stand in the catalogue; remove the hash and reload)", verb);
    if (strcmp(verb, "new") != 0) return complain("no such thing to do; there is: new", verb);
    if (given.arguments_count < 2) return complain("needs a kind: affiliate, affiliate-test, buyer or admin", verb);
    const struct kind *kind = find_kind(given.arguments[1]);
    if (!kind) return complain("no such kind; there are: affiliate, affiliate-test, buyer, admin", given.arguments[1]);
    return make(kind, given.values[JSON] != NULL);
}

static const struct kind *find_kind(const char *name)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    return NULL;
}

static int make(const struct kind *kind, bool as_json)
{
    if (crypto_start() != FAULT_NONE) {
        fprintf(stderr, "outcry key: the cryptographic library cannot be used\n");
        return COMMAND_USAGE;
    }
    char text[APIKEY_TEXT_MAX + 1], hash[2 * DIGEST_LEN + 1];
    struct digest digest;
    apikey_make(kind->kind, text);
    apikey_digest(bytes_of(text), &digest);
    struct sink sink = sink_over(hash, sizeof hash);
    sink_hex(&sink, (struct bytes){(const char *)digest.at, DIGEST_LEN});
    sink_char(&sink, 0);
    if (as_json)
        printf("{\"key\":\"%s\",\"hash\":\"sha256:%s\"}\n", text, hash);
    else
        printf("key:  %s\nhash: sha256:%s\n", text, hash);
    fflush(stdout);
    if (!as_json) fprintf(stderr, "The key is shown this once. Its hash goes to %s.\n", kind->place);
    crypto_wipe(text, sizeof text);
    crypto_stop();
    return COMMAND_DONE;
}

static int complain(const char *what, const char *word)
{
    fprintf(stderr, "outcry key: %s: %s\n", word, what);
    return COMMAND_USAGE;
}
