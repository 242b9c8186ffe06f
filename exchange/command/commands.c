/* One row a subcommand, in the order help shows them. */
#include "exchange/command/commands.h"

#include <stdio.h>

#include "exchange/base/spelling.h"
#include "exchange/command/command.h"

struct row {
    const char *name;
    command_run *run;
    const char *line;
};

static const struct row rows[] = {
    {"serve", command_serve, "run the exchange"},
    {"check", command_check, "read settings and catalogue as serve would, and list all that is wrong"},
    {"explain", command_explain, "tell the story of a ping or a lead: who was asked, who was not and why, who got it"},
    {"replay", command_replay, "decide recorded auctions again, and tell what comes out otherwise"},
    {"whatif", command_whatif, "what recorded auctions would have sold under another catalogue"},
    {"ledger", command_ledger, "stat, export, verify and audit the book; rotate its key"},
    {"erase", command_erase, "destroy the private data of a person, who is not sold any more"},
    {"key", command_key, "make, list and revoke keys of affiliates, buyers and operators"},
    {"help", command_help, "this list"},
};
#define ROWS (sizeof rows / sizeof *rows)

static void print_list(FILE *out);
static void complain(const char *name);

int commands_run(int argc, char **argv)
{
    if (argc < 2) {
        print_list(stderr);
        return COMMAND_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    for (unsigned i = 0; i < ROWS; i++)
        if (strcmp(rows[i].name, name) == 0) return rows[i].run(argc - 1, argv + 1);
    complain(name);
    return COMMAND_USAGE;
}

int command_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    print_list(stdout);
    return COMMAND_DONE;
}

static void print_list(FILE *out)
{
    fprintf(out, "usage: outcry COMMAND [options]\n\n");
    for (unsigned i = 0; i < ROWS; i++) fprintf(out, "  %-10s %s\n", rows[i].name, rows[i].line);
    fprintf(out,
            "\noutcry COMMAND --help tells more. Settings: --config FILE, else $OUTCRY_CONFIG, else ./outcry.yaml.\n");
}

static void complain(const char *name)
{
    fprintf(stderr, "outcry: no command %s", name);
    for (unsigned i = 0; i < ROWS; i++) {
        if (!spelling_is_near(bytes_of(name), bytes_of(rows[i].name))) continue;
        fprintf(stderr, " (did you mean %s?)", rows[i].name);
        break;
    }
    fprintf(stderr, "; outcry help lists them\n");
}
