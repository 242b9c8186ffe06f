"""The two programs while the demo runs: started with a log each, awaited, and stopped by their process id."""
import ctypes
import os
import signal
import subprocess
import time

from workshop import Failure

PATIENCE_S = 20
PR_SET_PDEATHSIG = 1


def go_with_parent():
    """Should the demo be killed, its programs end too. They also leave Ctrl-C to the demo."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.setsid()


class Program:
    def __init__(self, name, command, log):
        self.name, self.log = name, log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, preexec_fn=go_with_parent)

    def await_that(self, is_so, what):
        """Asks until it is so."""
        give_up = time.monotonic() + PATIENCE_S
        while not is_so():
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended before {what} (exit status {self.process.returncode})", self.log)
            if time.monotonic() > give_up:
                raise Failure(f"{self.name}: not {what} after {PATIENCE_S} s", self.log)
            time.sleep(0.02)

    def says(self, word):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return any(line.startswith(word) for line in log)

    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        """SIGTERM: the exchange takes no new work, finishes what is open, and ends with 0."""
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"{self.name} did not stop within {PATIENCE_S} s of SIGTERM", self.log) from None
        if status != 0:
            raise Failure(f"{self.name} stopped with exit status {status}", self.log)


def stop_all(programs):
    """Each in turn, whatever becomes of the one before; the first failure is told at the end."""
    first = None
    for program in programs:
        try:
            program.stop()
        except Failure as failure:
            first = first or failure
    programs.clear()
    if first:
        raise first
