#!/usr/bin/env python3
"""How fast octets become what a mail program shows: Restante's mime room beside CPython's email package.

Both read the same messages into memory first, then turn each into the same JSON: subject, from, to, cc, date, message id,
the first text and the first HTML, and the attachments with their decoded sizes. The rounds of the two take turns.

usage: tests/bench/mime_vs_python.py [--rounds N] [--write FILE]
"""

import argparse
import datetime
import email
import email.policy
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SHARED = Path(os.environ.get("RESTANTE_SHARED", ROOT / "../shared"))
SUMS = ("mailboxes", "attachments", "octets in attachments", "characters of text")

unreadable = 0  # values that Python raised an error for


def tried(read, otherwise=None):
    global unreadable
    try:
        return read()
    except Exception:  # any fault of the parser's; the message is read on without that value
        unreadable += 1
        return otherwise


def mailboxes(message, name):
    found = [a for field in message.get_all(name, []) for a in field.addresses]
    return [{"name": a.display_name, "address": a.addr_spec} for a in found]


def instant(message):
    date = message["date"].datetime if message["date"] else None
    if date and not date.tzinfo:
        date = date.replace(tzinfo=datetime.timezone.utc)
    return int(date.timestamp()) if date else None


def leaves(part):
    if part.get_content_maintype() != "multipart":
        yield part
    elif part.is_multipart():
        for inner in part.get_payload():
            yield from leaves(inner)


def is_text(part):
    named = part.get_filename() or part.get_content_disposition() == "attachment"
    return part.get_content_type() in ("text/plain", "text/html") and not named


def size(part):
    if part.is_multipart():  # an attached message, which Python keeps as a tree alone
        return len(b"".join(bytes(inner) for inner in part.get_payload()))
    return len(part.get_payload(decode=True) or b"")


def attachment(part):
    return {
        "name": tried(part.get_filename),
        "contentType": part.get_content_type(),
        "size": tried(lambda: size(part), 0),
    }


def read(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    parts = list(leaves(message))
    texts = [part for part in parts if tried(lambda: is_text(part), False)]
    shown = {id(part) for part in texts}

    def text(media_type):
        part = next((part for part in texts if part.get_content_type() == media_type), None)
        return tried(part.get_content) if part else None

    return {
        "subject": tried(lambda: message["subject"] and str(message["subject"])),
        "from": tried(lambda: mailboxes(message, "from"), []),
        "to": tried(lambda: mailboxes(message, "to"), []),
        "cc": tried(lambda: mailboxes(message, "cc"), []),
        "date": tried(lambda: instant(message)),
        "messageId": tried(lambda: message["message-id"] and str(message["message-id"])),
        "text": text("text/plain"),
        "html": text("text/html"),
        "attachments": [attachment(part) for part in parts if id(part) not in shown],
    }


def sums(shown):
    return (
        sum(len(shown[name]) for name in ("from", "to", "cc")),
        len(shown["attachments"]),
        sum(a["size"] for a in shown["attachments"]),
        sum(len(shown[name] or "") for name in ("text", "html")),
    )


def python_round(messages):
    began = time.perf_counter()
    for octets in messages:
        json.dumps(read(octets), ensure_ascii=False)
    return time.perf_counter() - began


def build():
    command = ["cargo", "build", "--release", "--locked", "--ignore-rust-version", "--package", "restante-mime", "--example", "octets_to_json"]
    subprocess.run(command, cwd=ROOT, check=True)
    return TARGET / "release/examples/octets_to_json"


def measure(program, corpus, rounds):
    files = sorted(corpus.rglob("*.eml"))
    messages = [file.read_bytes() for file in files]
    ours, theirs = [], []
    for _ in range(rounds):
        one = json.loads(subprocess.check_output([program, corpus, "3"]))
        ours.append(min(one["seconds"]))
        theirs.append(python_round(messages))
    if (one["messages"], one["octets"]) != (len(messages), sum(map(len, messages))):
        sys.exit("mime_vs_python: the two did not read the same messages")
    global unreadable
    unreadable = 0
    found = [sum(column) for column in zip(*(sums(read(octets)) for octets in messages))]
    return one, statistics.median(ours), statistics.median(theirs), found


def table(one, ours, theirs, found):
    octets = one["octets"]
    rows = [
        "# Octets to JSON",
        "",
        f"{one['messages']} messages, {octets / 1e6:.1f} MB, one thread, {platform.machine()}; CPython {platform.python_version()}.",
        "Median of the rounds. Made by `tests/bench/mime_vs_python.py`.",
        "",
        "| | Restante | CPython `email` |",
        "|---|---|---|",
        f"| seconds | {ours:.4f} | {theirs:.2f} |",
        f"| MB/s | {octets / ours / 1e6:.1f} | {octets / theirs / 1e6:.1f} |",
        f"| messages/s | {one['messages'] / ours:.0f} | {one['messages'] / theirs:.0f} |",
    ]
    rows += [f"| {name} found | {mine} | {its} |" for name, mine, its in zip(SUMS, one["sums"], found)]
    rows += [f"| values that raised an error | 0 | {unreadable} |", "", f"Restante is {theirs / ours:.0f} times as fast."]
    return "\n".join(rows)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--write", type=Path)
    args = options.parse_args()
    corpus = SHARED / "corpus/mime"
    if not corpus.is_dir():
        sys.exit(f"mime_vs_python: {corpus} is not there: RESTANTE_SHARED says where the shared data is")
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20_000)
    text = table(*measure(build(), corpus, args.rounds))
    print(text)
    if args.write:
        args.write.write_text(text + "\n")


if __name__ == "__main__":
    main()
