#!/usr/bin/env python3
"""How many small messages a second, at 1, 8 and 64 connections, beside the durable floor in the same run.

The floor decodes the same base64, appends it to one log with group commit, and syncs before its 202: the least that a
server which keeps its word can do. Both sides take turns, each round swaps their order, and Restante starts each round
with an empty data directory. After each load the script waits until all is delivered, and `restante check` must be clean.
"""

import argparse
import datetime
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

CONNECTIONS = (1, 8, 64)
STARTED_WITHIN = 30  # seconds
STOPPED_WITHIN = 10  # seconds
DELIVERED_WITHIN = 300  # seconds


def wait_until(true, seconds, what):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            sys.exit(f"first_light: {what} took more than {seconds} s")
        time.sleep(0.02)


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(STOPPED_WITHIN)


class Restante:
    """A server with an empty data directory, and what must be known to load it."""

    def __init__(self, args):
        self.binary = args.restante
        self.data = args.work / "data"
        shutil.rmtree(self.data, ignore_errors=True)
        listen = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0"]
        log = open(args.work / "restante.log", "wb")
        self.process = subprocess.Popen([self.binary, "serve", "--data", self.data, *listen], stdout=log, stderr=log)
        wait_until((self.data / "dev.json").exists, STARTED_WITHIN, "the start of Restante")
        self.dev = json.loads((self.data / "dev.json").read_text())
        wait_until(self.is_well, STARTED_WITHIN, "the first answer of Restante")

    def is_well(self):
        try:
            return urllib.request.urlopen(self.dev["base_url"].removesuffix("/v1.0") + "/healthz", timeout=5).status == 200
        except OSError:
            return False

    def token(self, name):
        return next(one["token"] for one in self.dev["people"] if one["userPrincipalName"].startswith(name + "@"))

    def held(self, name, folder):
        """How many messages a folder holds."""
        headers = {"Authorization": "Bearer " + self.token(name)}
        request = urllib.request.Request(f"{self.dev['base_url']}/me/mailFolders/{folder}", headers=headers)
        return json.load(urllib.request.urlopen(request, timeout=30))["totalItemCount"]

    def load(self, run_load):
        """One load; adds `delivered_per_s`: all that was sent, by the time until the last of it was delivered."""
        address = ["--from", "AdeleV@contoso.com", "--to", "AlexW@contoso.com", "--token", self.token("AdeleV")]
        began = time.monotonic()
        report = run_load(self.dev["base_url"] + "/me/sendMail", self.process.pid, address)
        sent = self.held("AdeleV", "sentitems")
        wait_until(lambda: self.held("AlexW", "inbox") >= sent, DELIVERED_WITHIN, f"the delivery of {sent} messages")
        report["delivered_per_s"] = sent / (time.monotonic() - began)
        return report

    def end(self):
        if stop(self.process) != 0:
            sys.exit("first_light: Restante did not stop with exit code 0")
        subprocess.run([self.binary, "check", "--data", self.data], check=True)
        shutil.rmtree(self.data)


class Floor:
    """`floor durable` with its log on the same file system."""

    def __init__(self, args):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = args.work / "floor.log"
        command = [args.programs / "floor", "durable", "--addr", f"127.0.0.1:{self.port}", "--file", self.log]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), STARTED_WITHIN, "the start of the floor")

    def load(self, run_load):
        return run_load(f"http://127.0.0.1:{self.port}/", self.process.pid, [])

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.unlink()


def loader(args, connections):
    """A function that loads one URL and gives the load generator's report."""
    device = os.stat(args.work).st_dev
    disk = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    common = ["--body", "mime64", "--size", "text2k", "--conc", connections, "--secs", args.seconds, "--warm", 1]
    if disk.exists():
        common += ["--disk", disk.resolve().name]

    def run_load(url, pid, more):
        command = [args.programs / "load", "http", "--url", url, "--watch", pid, *common, *more]
        report = json.loads(subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, check=True).stdout)
        if report["errors"]:
            sys.exit(f"first_light: {report['errors']} requests failed, the first with {report['first_error']}")
        return report

    return run_load


def measure(args, connections):
    """The reports of both sides, round by round."""
    run_load = loader(args, connections)
    pairs = []
    for number in range(args.rounds):
        pair = {}
        for side in (Restante, Floor) if number % 2 == 0 else (Floor, Restante):
            server = side(args)
            try:
                pair[side] = server.load(run_load)
                server.end()
            finally:
                server.process.kill()
        print(f"{connections} connections, round {number + 1}: {pair[Restante]['per_s']:.0f} of {pair[Floor]['per_s']:.0f} msg/s", file=sys.stderr)
        pairs.append(pair)
    return pairs


def spread(values, digits=0):
    """Median, lowest and highest."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def row(connections, pairs):
    def of(side, name):
        return [pair[side][name] for pair in pairs]

    def median(side, name):
        return f"{statistics.median(of(side, name)):.2f}"

    ratios = [pair[Restante]["per_s"] / pair[Floor]["per_s"] for pair in pairs]
    cells = [
        str(connections),
        spread(of(Restante, "per_s")),
        median(Restante, "p50_ms"),
        median(Restante, "p99_ms"),
        spread(of(Restante, "delivered_per_s")),
        median(Restante, "disk_flushes_per_op"),
        spread(of(Floor, "per_s")),
        median(Floor, "p50_ms"),
        median(Floor, "p99_ms"),
        spread(ratios, 2),
    ]
    return "| " + " | ".join(cells) + " |"


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1]


def machine(work):
    file_system = output("df", "--output=fstype", work)
    commit = output("git", "rev-parse", "--short", "HEAD")
    kernel = f"{os.uname().sysname} {os.uname().release.split('-')[0]}"
    return f"{datetime.date.today()}, commit {commit}, {os.cpu_count()} cores, {kernel}, {file_system}"


def page(args, rows):
    head = ["connections", "Restante msg/s", "p50 ms", "p99 ms", "delivered msg/s", "disk flushes a message"]
    head += ["floor msg/s", "floor p50 ms", "floor p99 ms", "of the floor"]
    return "\n".join(
        [
            "# Small messages a second",
            "",
            f"Written by `./test long` on {machine(args.work)}.",
            "",
            f"`sendMail` with MIME messages of 2 KB, from one mailbox to one other, over loopback: {args.rounds} rounds of",
            f"{args.seconds} s, the load generator on the same cores. The floor is `floor durable`: decode, append, sync, 202.",
            "Medians; lowest and highest of the rounds in brackets. Compare figures inside one run only.",
            "*Delivered* counts from the first request to the last delivery into the recipient's Inbox.",
            "*Disk flushes* are the whole machine's while the load runs.",
            "",
            "| " + " | ".join(head) + " |",
            "|" + "---:|" * len(head),
            *rows,
            "",
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--restante", type=Path, required=True, help="the server's binary")
    parser.add_argument("--programs", type=Path, required=True, help="the folder with `load` and `floor`")
    parser.add_argument("--work", type=Path, required=True, help="a folder on the disk to be measured")
    parser.add_argument("--write", type=Path, help="also write the page to this file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of one load")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    text = page(args, [row(connections, measure(args, connections)) for connections in CONNECTIONS])
    print(text)
    if args.write:
        args.write.parent.mkdir(parents=True, exist_ok=True)
        args.write.write_text(text)


if __name__ == "__main__":
    main()
