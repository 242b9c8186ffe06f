/* options: a command's options from one table: getopt_long, --help and what is wrong with them. */
#pragma once

#include <stdbool.h>

#define OPTIONS_MAX 24

struct option_row {
    const char *name;     /* "config" */
    const char *argument; /* "FILE"; NULL: a switch */
    const char *prose;
};

struct options {
    const char *command; /* "check" */
    const char *usage;   /* what follows the options: "affiliate|buyer|admin"; "" for nothing */
    const char *prose;
    const struct option_row *rows;
    unsigned rows_count; /* at most OPTIONS_MAX */
    int arguments_min, arguments_max;
};

struct options_given {
    const char *values[OPTIONS_MAX]; /* by row; NULL: not given; "" for a switch that is */
    char **arguments;
    int arguments_count;
};

/* Reads argv (argv[0] is the command's name). True: go on. False: it is said already, and *status is the exit status (0
 * after --help, 2 after a mistake). */
bool options_read(const struct options *options, int argc, char **argv, struct options_given *given, int *status);
