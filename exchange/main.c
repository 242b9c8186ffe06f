/* outcry: the program. What it can do stands in exchange/command, one file each. */
#include "exchange/command/commands.h"

int main(int argc, char **argv)
{
    return commands_run(argc, argv);
}
