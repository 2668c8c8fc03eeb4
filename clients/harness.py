"""What every client's file uses: one line per check, a report, waiting with a deadline, and programs that are run to their end."""

import os
import re
import shlex
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass


class Impossible(Exception):
    """The client cannot go on; what it would have checked is not known."""


@dataclass
class Line:
    client: str
    version: str
    command: str
    verdict: str
    detail: str


def short(value, limit=300):
    """A value on one line; of a program's output what is no table."""
    if isinstance(value, Output):
        value = str(value) if value.text.count("\n") < 4 else f"exit code {value.code}: " + "\n".join(line for line in value.text.splitlines() if line[:1] not in "+|")
    text = re.sub(r"\s+", " ", value if isinstance(value, str) else repr(value)).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Report:
    """All checks of a run, printed as they come."""

    def __init__(self, noun="clients"):
        self.lines, self.noun = [], noun
        self.started_at = time.monotonic()

    def add(self, client, version, command, verdict, detail=""):
        self.lines.append(Line(client, version, command, verdict, detail))
        seconds = time.monotonic() - self.started_at
        tail = f": {detail}" if detail else ""
        print(f"{seconds:6.1f}  {verdict:<7} {client} {version}  {command}{tail}", flush=True)

    def count(self, verdict):
        return sum(1 for line in self.lines if line.verdict == verdict)

    def summary(self):
        skipped, failed = self.count("skipped"), self.count("FAILED")
        parts = [f"{self.count('ok')} ok", f"{failed} FAILED"] + ([f"{skipped} skipped"] if skipped else [])
        return f"{len(self.lines)} checks of {len(Counter(line.client for line in self.lines))} {self.noun}: {', '.join(parts)}"

    def conclude(self):
        """The last lines of a run and its exit code."""
        print(self.summary())
        for line in self.lines:
            if line.verdict == "FAILED":
                print(f"FAILED  {line.client} {line.version}  {line.command}: {line.detail}")
        return 1 if self.count("FAILED") else 0


class Checks:
    """The checks of one client in one version."""

    def __init__(self, report, client, version):
        self.report, self.client, self.version = report, client, version

    def check(self, command, passed, expected, seen):
        """One line; what was expected and what was seen only when it failed."""
        detail = "" if passed else f"expected {short(expected)}, seen {short(seen, 600)}"
        self.report.add(self.client, self.version, command, "ok" if passed else "FAILED", detail)
        return bool(passed)

    def same(self, command, expected, seen):
        passed = expected == seen
        if not passed and isinstance(expected, dict) and isinstance(seen, dict):
            differing = [key for key in {**expected, **seen} if expected.get(key) != seen.get(key)]
            expected, seen = ({key: each.get(key) for key in differing} for each in (expected, seen))
        return self.check(command, passed, expected, seen)

    def contains(self, command, wanted, seen):
        return self.check(command, wanted in seen, f"text {wanted!r}", seen)

    def matches(self, command, pattern, seen):
        return self.check(command, re.search(pattern, seen, re.S | re.M), f"text like {pattern}", seen)

    def eventually(self, command, expected, probe, seconds=15):
        """Passes as soon as probe() gives what is expected; an exception of the probe is a value that is not yet right."""
        seen = poll(probe, lambda value: value == expected, seconds)
        return self.check(command, seen == expected, f"{expected!r} within {seconds} s", seen)

    def skip(self, command, reason):
        self.report.add(self.client, self.version, command, "skipped", reason)


def poll(probe, satisfied, seconds, pause=0.1):
    """The first value that satisfies, or the last one seen when the time is up."""
    until = time.monotonic() + seconds
    while True:
        try:
            value = probe()
        except Exception as problem:  # a server that is on its way up or down
            value = problem
        if (not isinstance(value, Exception) and satisfied(value)) or time.monotonic() >= until:
            return value
        time.sleep(pause)


def wait_for(what, probe, seconds=30):
    """The first true value of probe(); gives up with Impossible."""
    value = poll(probe, bool, seconds)
    if isinstance(value, Exception) or not value:
        raise Impossible(f"waited {seconds} s in vain for: {what} (last seen: {short(value)})")
    return value


@dataclass
class Output:
    code: int
    text: str
    seconds: float
    stdout: str = ""

    def __str__(self):
        return f"exit code {self.code}: {self.text}"


def run(arguments, environment=None, given=None, seconds=60, folder=None):
    """Runs a program to its end, or kills it when the time is up. Text is what it wrote to both outputs."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(each) for each in arguments], env={**os.environ, **(environment or {})}, cwd=folder, text=True, errors="replace",
        stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = process.communicate(given, timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        code = -1
        err += f"\n(killed after {seconds} s)"
    return Output(code, (out + err).strip(), time.monotonic() - began, out)


def words(arguments):
    """A command as it would be typed."""
    return " ".join(shlex.quote(str(each)) for each in arguments)


class Program:
    """A server that runs beside the checks, ended by its pid."""

    def __init__(self, arguments, log, environment=None, folder=None):
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(each) for each in arguments], env={**os.environ, **(environment or {})}, cwd=folder, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def runs(self):
        return self.process.poll() is None

    def stop(self, seconds=15):
        if self.runs():
            self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
