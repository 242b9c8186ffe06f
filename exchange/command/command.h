/* command: the subcommands of outcry, one file each. A command reads its own options (options.h) and returns the exit
 * status. */
#pragma once

/* Exit statuses (api.md, "The command line"). */
enum command_status { COMMAND_DONE, COMMAND_NO, COMMAND_USAGE };

/* argv[0] is the command's own name. */
typedef int command_run(int argc, char **argv);

command_run command_serve, command_check, command_explain, command_ledger, command_help, command_key, command_replay,
    command_whatif, command_erase;
