# SPDX-License-Identifier: MIT
"""For the tests of `hft tap` and `hft produce`: both as a shell runs them. Network,
BPF file system and processes are in namespaces that end with the test: no pin
outlives it, however it ends."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from checks import expect, expect_match, finish, skip

HFT, WHAT = sys.argv[1:3]
PIN = "/sys/fs/bpf/tapped"
DEADLINE = 50  # seconds
SEEN = "{} records seen, 0 missed by this tap, 0 dropped by the producer\n"


def attempt(*command):
    """Runs a command; skips the test if this machine refuses it."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        skip(f"{' '.join(command)}: {done.stderr.strip()}")


def enter_namespaces():
    """Runs this script again, in namespaces of its own."""
    if len(sys.argv) == 3:
        if os.geteuid() != 0:
            skip("BPF and its file system need CAP_SYS_ADMIN: run as root")
        unshare = ("unshare", "--net", "--mount", "--pid", "--fork",
                   "--kill-child", "--mount-proc")
        attempt(*unshare, "true")
        os.execvp("unshare", [*unshare, sys.executable, "-B", *sys.argv,
                              "inside"])
    attempt("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")


class Running:
    """`hft`, or another program, with these arguments, from its first line on
    standard error."""

    def __init__(self, *arguments, program=HFT):
        # Without a buffer, in which communicate() would not look.
        self.process = subprocess.Popen([program, *arguments], bufsize=0,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.first = self.line_of_error()
        self.out = self.said = ""

    def line_of_error(self):
        return self.process.stderr.readline().decode()

    def line(self):
        return self.process.stdout.readline().decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def finish(self):
        """Its status, once it has ended by itself."""
        out, said = self.process.communicate(timeout=DEADLINE)
        self.out, self.said = out.decode(), said.decode()
        print(self.first, self.said, self.out[:2000], sep="")
        return self.process.returncode

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.finish()


@contextlib.contextmanager
def producing(*arguments):
    """Rings at PIN, until Ctrl-C ends their producer."""
    with Running("produce", *arguments, "--pin", PIN) as producer:
        if not re.search(r"\d+ rings? at ", producer.first):
            status = producer.finish()
            if status == 69:
                skip(producer.first.strip())
            sys.exit(f"hft produce: status {status}: {producer.first}")
        yield producer
        expect("produce's status", 0, producer.interrupt())
        expect_match("produce says how much memory its rings take",
                     r"\d+ rings? of [\d,]+ slots of [\d,]+ bytes: "
                     r"[1-9]\d*\.\d [KM]iB\n(.|\n)*", producer.said)
        expect("the pin is still there", False, os.path.exists(PIN))
        summary = re.fullmatch(r"offered (\d+), published (\d+), dropped (\d+)"
                               r"(, longer than a slot \d+)?\n", producer.out)
        expect("produce prints what was offered", True, summary is not None)
        if summary:
            offered, published, dropped = map(int, summary.groups()[:3])
            expect("published + dropped", offered, published + dropped)


# Overwriting, so that no consumer is needed; a lap takes 16 s.
def ticking():
    return producing("timer", "--overwrite", "--slots", "16384")


def tap(count, *arguments, ring=PIN):
    with Running("tap", ring, "-c", str(count), *arguments) as running:
        expect("tap's status", 0, running.finish())
        expect("tap ends with its summary", True,
               running.said.endswith(SEEN.format(count)))
        return running


def expect_consecutive(what, numbers):
    expect(what, list(range(numbers[0], numbers[0] + len(numbers))), numbers)


def expect_refusal(status, pattern, *arguments, command="tap"):
    done = subprocess.run([HFT, command, *arguments], capture_output=True,
                          text=True, timeout=DEADLINE, check=False)
    print(done.stderr)
    what = f"{command} {' '.join(arguments)}"
    expect(f"{what}: status", status, done.returncode)
    expect(f"{what}: says {pattern!r}", True,
           re.search(pattern, done.stderr) is not None)


def late(*_):
    raise TimeoutError(f"{WHAT} took longer than {DEADLINE} s")


def run(checks):
    """Runs the function that the command line names."""
    enter_namespaces()
    signal.signal(signal.SIGALRM, late)
    signal.alarm(DEADLINE)
    checks[WHAT]()
    finish()
