/* commands: the table of subcommands, and the way into them from main. */
#pragma once

/* Runs the subcommand argv[1] names; its exit status. Unknown or none: says what there is, 2. */
int commands_run(int argc, char **argv);
