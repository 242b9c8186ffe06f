"""The comparison over real sockets: it is fair (each contestant asks every bidder once an auction), and its page is written. No speed is judged."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from plain import run_all, same

BUILD = os.path.dirname(os.path.abspath(sys.argv[1]))
COMPARE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/compare.py")
SHORT = ["--k", "2", "--rounds", "1", "--seconds", "1"]


def has_lua():
    return os.path.exists("/usr/lib/nginx/modules/ngx_http_lua_module.so")


def compare(build, *options):
    ended = subprocess.run([sys.executable, "-B", COMPARE, "--build", build, *options], capture_output=True, text=True, timeout=110, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def folder_of_programs(root):
    for program in ("outcry", "outcry-buyers", "outcry-bench", "outcry-floor"):
        os.symlink(os.path.join(BUILD, program), os.path.join(root, program))
    return root


def test_ratios_and_page():
    with tempfile.TemporaryDirectory() as root:
        page = os.path.join(root, "page.md")
        with open(page, "w", encoding="utf-8") as out:
            out.write("before\n<!-- compare: begin -->\nold\n<!-- compare: end -->\nafter\n")
        names = ["outcry", "floor"] + (["nginx-lua"] if has_lua() else [])
        status, told, trouble = compare(folder_of_programs(root), *SHORT, "--only", ",".join(names), "--write", page)
        same((status, trouble), (0, ""), told)
        row = re.search(r"^\| 2 \|(.*)\|$", told, re.M).group(1).split("|")
        same(len(row), len(names), told)
        same(row[0].strip().startswith("1 ("), True, told)
        with open(page, encoding="utf-8") as written:
            text = written.read()
        same([text.startswith("before\n"), text.endswith("after\n"), "old" in text, "| 2 |" in text], [True, True, False, True], text)


def test_unknown_contestant():
    status, _, trouble = compare(BUILD, "--only", "apache")
    same((status, "no contestant apache" in trouble), (2, True), trouble)


if not (shutil.which("nginx") or os.path.exists("/usr/sbin/nginx")):
    print("skipped: nginx is not installed")
    sys.exit(77)
run_all(dict(globals()))
