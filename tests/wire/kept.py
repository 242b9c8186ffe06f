"""The demo, left running (demo/demo.py --keep) in a folder of its own, for scripts that talk to its exchange by curl."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_S = 60  # nothing here is measured
END_MARK = "Ctrl-C stops the demo."


def skip_without(*programs):
    for program in programs:
        if not shutil.which(program):
            print(f"skipped: {program} is not installed")
            sys.exit(77)


def demo(programs, *options):
    """The command line of a demo that uses the programs in that folder."""
    return [sys.executable, "-B", os.path.join(ROOT, "demo", "demo.py"), "--programs", programs, *options]


class KeptDemo:
    """.printed is all it said until it waited for Ctrl-C; .work is its folder."""

    def __init__(self, programs):
        self.folder = tempfile.TemporaryDirectory()
        self.programs, self.work = programs, os.path.join(self.folder.name, "work")
        self.process = subprocess.Popen(demo(programs, "--keep", "--work", self.work), stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.printed = ""
        for line in self.process.stdout:
            self.printed += line
            if line.startswith(END_MARK):
                return
        raise AssertionError(f"the demo ended (exit status {self.process.wait()}):\n{self.printed[-2000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.folder.cleanup()
        if failure[0] is None and status != 0:
            raise AssertionError(f"the demo's exit status after Ctrl-C is {status}")

    def shell(self, commands, before=""):
        """Runs the commands in one bash, as if typed: [(exit status, what was printed)]."""
        script = before + "\n"
        for number, command in enumerate(commands):
            script += f"echo '@@@ {number}'\n{command}\necho \"@@@ status $?\"\n"
        done = subprocess.run(["bash", "-u"], input=script, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False)
        found = re.findall(r"^@@@ \d+\n(.*?)^@@@ status (\d+)$", done.stdout, re.S | re.M)
        if len(found) != len(commands):
            raise AssertionError(f"the shell ended early:\n{done.stdout}\n{done.stderr}")
        if done.stderr:
            raise AssertionError(f"the shell complained:\n{done.stderr}")
        return [(int(status), text) for text, status in found]


def commands_of(text):
    """The commands of a shell text; a command ends where no quote is open and no backslash joins the next line."""
    found, whole = [], ""
    for line in text.splitlines():
        if not whole and (not line.strip() or line.startswith("#")):
            continue
        whole += line + "\n"
        if line.endswith("\\") or whole.count("'") % 2:
            continue
        found.append(whole.rstrip())
        whole = ""
    return found
