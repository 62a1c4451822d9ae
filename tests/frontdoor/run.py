# SPDX-License-Identifier: MIT
"""The answers of `hft` to command lines that are wrong, and its --help, for
every command that `hft --help` lists: run.py HFT WHAT, where WHAT is a function
below, without check_."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from checks import expect, expect_match, finish

HFT, WHAT = sys.argv[1:]
# tools/exit_status.hpp
OK, FAILED, USAGE, DATA_ERROR, UNAVAILABLE = 0, 1, 64, 65, 69
COLUMNS = 80


def run(*words):
    return subprocess.run([HFT, *words], capture_output=True, text=True,
                          timeout=20, check=False)


def any_of(words):
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


class Help:
    """`hft COMMAND... --help`, taken apart."""

    def __init__(self, *command):
        done = run(*command, "--help")
        self.command = command
        self.name = " ".join(("hft", *command))
        self.text = done.stdout
        expect(f"{self.name} --help: status", OK, done.returncode)
        expect(f"{self.name} --help: standard error", "", done.stderr)
        self.commands = self.listed("Commands")
        # Each with its description, which may take several lines.
        self.options = {}
        for entry in re.split(r"\n(?=  \S)", self.section("Options"))[1:]:
            option = re.match(r"  (?:-\w,)?(--[a-z-]+)", entry)
            self.options[option[1]] = " ".join(entry.split())
        usage = re.search(r"^Usage: hft.*? \[OPTIONS\]((?: .*)?)$", self.text, re.M)
        # "--group ADDRESS:PORT" and "DIR": words that are not "COMMAND".
        self.required = re.findall(r"--\S+ \S+|\b(?!COMMAND\b)[A-Z]+\b",
                                   usage[1] if usage else "")

    def section(self, title):
        found = re.search(rf"^{title}:$(.*?)(?:\n\n|\Z)", self.text, re.M | re.S)
        return found[1] if found else ""

    def listed(self, title):
        return re.findall(r"^  ([a-z-]+)(?: |$)", self.section(title), re.M)


def everything():
    """The help of hft, of its commands and of their commands."""
    found = [Help()]
    for page in found:
        found += [Help(*page.command, name) for name in page.commands]
    expect("commands are listed", True, len(found[0].commands) > 1)
    expect("commands have commands", True,
           any(page.commands for page in found[1:]))
    return found


def expect_refusal(page, text, *words):
    """The command of the page refuses the words, with this text."""
    prefix = " ".join(page.name.split()[:2])
    done = run(*page.command, *words)
    what = " ".join((page.name, *words))
    expect(f"{what}: status", USAGE, done.returncode)
    expect(f"{what}: standard output", "", done.stdout)
    expect(f"{what}: standard error",
           f"{prefix}: {text}\n  see {page.name} --help\n", done.stderr)


def misspelt(word):
    """With the last two letters that differ exchanged."""
    for at in range(len(word) - 1, 2 if word.startswith("--") else 0, -1):
        if word[at - 1] != word[at]:
            return word[:at - 1] + word[at] + word[at - 1] + word[at + 1:]
    return word + word[-1]


def check_commands():
    """An unknown command is named; the nearest is suggested, and all are listed."""
    for page in everything():
        if not page.commands:
            continue
        all_of_them = any_of(page.commands)
        expect_refusal(page, f"expected a command: {all_of_them}")
        expect_refusal(page, "unknown command 'frobnicate': expected "
                       f"{all_of_them}", "frobnicate")
        for name in page.commands:
            wrong = misspelt(name)
            expect_refusal(page, f"unknown command '{wrong}', did you mean "
                           f"'{name}'? Expected {all_of_them}", wrong)


def check_options():
    """The same for options, whatever else is missing."""
    for page in everything():
        names = list(page.options)
        expect(f"{page.name} has --help", "--help", names[0] if names else None)
        all_of_them = any_of(names)
        expect_refusal(page, f"unknown option '--frobnicate': expected "
                       f"{all_of_them}", "--frobnicate=1")
        for name in names:
            wrong = misspelt(name)
            expect_refusal(page, f"unknown option '{wrong}', did you mean "
                           f"'{name}'? Expected {all_of_them}", wrong)


def check_required():
    """The error names what is missing, one word after the other."""
    seen = 0
    for page in everything():
        given = []
        for missing in page.required:
            seen += 1
            expect_refusal(page, f"{missing} is required", *given)
            # Only the value of DIR is looked at, and "/" is a directory.
            given += [missing.split()[0], "/"] if " " in missing else ["/"]
        for option, text in page.options.items():
            expect(f"{page.name}: {option} is required where help says so",
                   bool(re.search(r"[(;] ?required[);]", text)),
                   any(need.split()[0] == option for need in page.required))
    expect("options are required", True, seen >= 6)


def check_ranges():
    """Options for which help gives a range refuse a value that is not a number, with
    the range in words. So do options with other kinds of values."""
    ranges = 0
    pages = everything()
    for page in pages:
        for option, text in page.options.items():
            found = re.search(r"\((?:a power of two from )?"
                              r"(\d[\d,.]*(?: us)? to \d[\d,]*(?: s)?)[;)]", text)
            if not found:
                continue
            ranges += 1
            done = run(*page.command, option, "many")
            what = f"{page.name} {option} many"
            expect(f"{what}: status", USAGE, done.returncode)
            expect_match(f"{what}: standard error",
                         rf"hft {page.command[0]}: {option}: expected a[\w ]+ from "
                         rf"{re.escape(found[1])}(, such as \w+)?, found 'many'\n"
                         rf"  see {page.name} --help\n", done.stderr)
    expect("options have ranges", True, ranges >= 10)

    named = {page.name: page for page in pages}
    for command, words, text in (
            ("hft bench", "--samples 0", "a whole number from 1 to 1,000,000,000"),
            ("hft bench", "--period 9us", "a time from 10 us to 1 s, such as 100us"),
            ("hft ctl start", "--period 2s",
             "a time from 10 us to 1 s, such as 100us"),
            ("hft replay", "--ttl 256", "a whole number from 0 to 255"),
            ("hft replay", "--rate 0", "a number from 0.001 to 1,000,000,000"),
            ("hft feed", "--every 0", "a whole number, 1 or more"),
            ("hft tap", "--count 0", "a whole number, 1 or more"),
            ("hft produce timer", "--slots 3", "a power of two from 2 to 65,536"),
            ("hft produce timer", "--mode 999", "an octal mode from 0 to 0777, such as 0660"),
            ("hft produce xdp", "--port 65536", "a whole number from 0 to 65,535"),
            ("hft produce xdp", "--address 239.1.1",
             "an IPv4 address such as 239.1.1.1")):
        option, value = words.split()
        expect_refusal(named[command], f"{option}: expected {text}, found "
                       f"'{value}'", option, value)
    expect_refusal(named["hft bench"], "--json: expected --json FILE, found no "
                   "value", "--json")
    expect_refusal(named["hft bench"], "unexpected argument 'now'", "now")
    expect_refusal(named["hft tap"], "--json excludes --hex", "ring", "--json",
                   "--hex")


def check_help():
    """Each help has an example of its own command, in lines that fit a terminal."""
    for page in everything():
        _, title, rest = page.text.partition("\nExample")
        examples = re.findall(r"^(?:Example: |  )(hft .*)$", title.strip() + rest,
                              re.M)
        expect(f"{page.name} --help has an example of its own", True,
               any(f"{example} ".startswith(f"{page.name} ")
                   for example in examples))
        expect(f"{page.name} --help: lines that are too long", [],
               [line for line in page.text.splitlines() if len(line) > COLUMNS])
        for option, text in page.options.items():
            expect(f"{page.name} {option} is described", True,
                   len(text.split(" ")) > 2)
    done = run("--version")
    expect("status of --version", OK, done.returncode)
    expect_match("the version", r"\d+\.\d+\.\d+\n", done.stdout)


def check_statuses():
    """Statuses are those of man hft.1; errors begin with the name of the command."""
    source = (ROOT / "tools/exit_status.hpp").read_text("utf-8")
    man = (ROOT / "man/hft.1").read_text("utf-8")
    section = man[man.index("\n.SH EXIT STATUS\n"):]
    section = section[:section.index("\n.SH ", 1)]
    expect("statuses of man hft.1", re.findall(r"= (\d+)", source),
           re.findall(r"^\.TP\n\.B (\d+)$", section, re.M))
    expect("statuses that are tested",
           [str(n) for n in (OK, FAILED, USAGE, DATA_ERROR, UNAVAILABLE)],
           re.findall(r"= (\d+)", source))
    with tempfile.TemporaryDirectory() as folder:
        gone = os.path.join(folder, "gone")
        cases = [
            (FAILED, "hft tap", r".*start the producer of ring no-such-ring first.*",
             ("tap", "no-such-ring")),
            (USAGE, "hft report", r"DIR: expected a directory, found nothing at "
             rf"'{gone}'\n  see hft report --help", ("report", gone)),
            (USAGE, "hft replay", r"expected at least 14 messages .*",
             ("replay", "--to", "127.0.0.1:5000", "--messages", "10")),
            (DATA_ERROR, "hft report", rf"cannot read {folder}/results\.json: .*",
             ("report", folder)),
        ]
        capture = ("replay", "--to", "127.0.0.1:5000", "--pcap", gone)
        if "without libpcap" in run(*capture).stderr:
            cases += [(UNAVAILABLE, "hft replay", "this hft was built .*", capture)]
        else:
            cases += [(DATA_ERROR, "hft replay", "expected a capture file in "
                       f"{gone}: .*", capture)]
        if not os.path.exists("/dev/hft"):
            cases += [
                (UNAVAILABLE, f"hft {words[0]}", "open /dev/hft: the ring of the "
                 "driver does not exist: .*", words)
                for words in (("ctl", "status"), ("ctl", "start"),
                              ("tap", "/dev/hft"))]
        for status, name, text, words in cases:
            done = run(*words)
            what = " ".join(("hft", *words))
            expect(f"{what}: status", status, done.returncode)
            expect_match(f"{what}: standard error", f"{name}: {text}\n", done.stderr)
            expect(f"{what}: standard output", "", done.stdout)


{name.removeprefix("check_"): function for name, function in
 list(globals().items()) if name.startswith("check_")}[WHAT]()
finish()
