/* getopt_long keeps global state; commands run once in a process's life, on its first thread, so that does no harm. Its
 * messages are ours, so that they say "did you mean". */
#include "exchange/command/options.h"

#include <getopt.h>
#include <stdio.h>

#include "exchange/base/spelling.h"
#include "exchange/command/command.h"
#include "protocol/base/check.h"

#define CODE_FIRST 256 /* above every character: getopt's own answers are characters */

static void print_help(const struct options *options);
static void print_usage(const struct options *options, FILE *out);
static bool complain(const struct options *options, const char *word, bool is_unknown);

/* Arguments come in their order, as code 1, and gather at the front of argv, whose places have been read by then. A
 * word like -1h is a time: its first digit is taken for an option, the rest for what goes with it. */
static int next(int argc, char **argv, const struct option *longs, struct options_given *given)
{
    for (;;) {
        int code = getopt_long(argc, argv, "-:h0::1::2::3::4::5::6::7::8::9::", longs, NULL);
        bool is_time = code >= '0' && code <= '9';
        if (code != 1 && !is_time) return code;
        given->arguments[given->arguments_count++] = is_time ? argv[optind - 1] : optarg;
    }
}

bool options_read(const struct options *options, int argc, char **argv, struct options_given *given, int *status)
{
    struct option longs[OPTIONS_MAX + 2] = {{0}};
    check(options->rows_count <= OPTIONS_MAX);
    for (unsigned i = 0; i < options->rows_count; i++)
        longs[i] = (struct option){options->rows[i].name, options->rows[i].argument ? required_argument : no_argument,
                                   NULL, CODE_FIRST + (int)i};
    longs[options->rows_count] = (struct option){"help", no_argument, NULL, 'h'};
    *given = (struct options_given){0};
    *status = COMMAND_USAGE;
    opterr = 0;
    optind = 0; /* 0: start anew, as glibc wants it */
    given->arguments = argv + 1;
    for (int code; (code = next(argc, argv, longs, given)) != -1;) {
        if (code == 'h') {
            print_help(options);
            *status = COMMAND_DONE;
            return false;
        }
        if (code == '?' || code == ':') return complain(options, argv[optind - 1], code == '?');
        given->values[code - CODE_FIRST] = optarg ? optarg : "";
    }
    while (optind < argc) given->arguments[given->arguments_count++] = argv[optind++]; /* after "--" */
    if (given->arguments_count >= options->arguments_min && given->arguments_count <= options->arguments_max)
        return true;
    print_usage(options, stderr);
    return false;
}

static void print_help(const struct options *options)
{
    print_usage(options, stdout);
    printf("%s\n", options->prose);
    if (options->rows_count) printf("\n");
    for (unsigned i = 0; i < options->rows_count; i++) {
        const struct option_row *row = &options->rows[i];
        char name[64];
        (void)snprintf(name, sizeof name, "--%s %s", row->name, row->argument ? row->argument : "");
        printf("  %-22s %s\n", name, row->prose);
    }
}

static void print_usage(const struct options *options, FILE *out)
{
    fprintf(out, "usage: outcry %s%s%s%s\n", options->command, options->rows_count ? " [options]" : "",
            *options->usage ? " " : "", options->usage);
}

static bool complain(const struct options *options, const char *word, bool is_unknown)
{
    fprintf(stderr, "outcry %s: %s %s", options->command, word,
            is_unknown ? "is no option of it, or does not take a value" : "needs a value");
    struct bytes name = bytes_of(word);
    while (name.len > 0 && name.at[0] == '-') name = bytes_from(name, 1);
    for (unsigned i = 0; is_unknown && i < options->rows_count; i++) {
        if (!spelling_is_near(name, bytes_of(options->rows[i].name))) continue;
        fprintf(stderr, " (did you mean --%s?)", options->rows[i].name);
        break;
    }
    fprintf(stderr, "\n");
    return false;
}
