#!/usr/bin/env python3
"""What a client waits for in a large mailbox: until `$search` finds what was sent, until a folder of all its messages is
moved, copied or gone, and until an attachment of 150 MB is there, sent and read.

All is asked over HTTP of one server, whose mailbox is filled first. Times are of the client's clock.
"""

import argparse
import base64
import http.client
import json
import statistics
import sys
import threading
import time
import urllib.parse
from pathlib import Path

from first_light import Restante, machine

FILLING = 16  # connections that fill the mailbox
PIECE = 4 * 1024 * 1024  # octets of an upload session's request
ATTACHMENT = 150 * 1000 * 1000  # octets
FOLDER_WITHIN = 1800  # seconds for what is done to a whole folder


def told(what):
    print(f"large: {what}", file=sys.stderr, flush=True)


class Client:
    """One person's connection."""

    def __init__(self, server, name):
        url = urllib.parse.urlsplit(server.dev["base_url"])
        self.base = url.path
        self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=600)
        self.authorization = {"Authorization": "Bearer " + server.token(name)}

    def call(self, method, path, body=None, headers=(), expected=range(200, 300)):
        if not path.startswith("http") and not path.startswith(self.base):
            path = self.base + path
        fields = {**self.authorization, **dict(headers)}
        if isinstance(body, dict):
            body, fields["Content-Type"] = json.dumps(body).encode(), "application/json"
        self.connection.request(method, path, body, fields)
        answer = self.connection.getresponse()
        octets = answer.read()
        if answer.status not in expected:
            sys.exit(f"large: {method} {path[:80]}: {answer.status} {octets[:500]!r}")
        return answer, octets

    def json(self, method, path, body=None, headers=()):
        return json.loads(self.call(method, path, body, headers)[1])

    def mime(self, path, text):
        return self.call("POST", path, base64.b64encode(text.encode()), {"Content-Type": "text/plain"})


def message(subject, text):
    fields = ["From: AdeleV@contoso.com", "To: AlexW@contoso.com", f"Subject: {subject}", "Content-Type: text/plain"]
    return "\r\n".join([*fields, "", text, ""])


def fill(server, folder, count):
    """Imports so many messages of forty words each."""

    def some(begin):
        client = Client(server, "AdeleV")
        for number in range(begin, count, FILLING):
            words = " ".join(f"word{(number * 40 + word) * 2654435761 % 1000}" for word in range(40))
            client.mime(f"/me/mailFolders/{folder}/messages?import=true", message(f"Subject {number}", words))

    threads = [threading.Thread(target=some, args=(begin,)) for begin in range(FILLING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def found(client, word):
    return client.json("GET", f'/me/messages?$select=id&$search="{word}"')["value"]


def until_found(sender, seeker, name, times):
    """Milliseconds from a 202 to the answer that has the message, of so many sends."""
    took = []
    for number in range(times):
        word = f"{name}{number}x{time.time_ns()}"
        answer, _ = sender.mime("/me/sendMail", message("Found", word))
        began = time.perf_counter()
        if answer.status != 202:
            sys.exit(f"large: sendMail was answered {answer.status}")
        while not found(seeker, word):
            pass
        took.append((time.perf_counter() - began) * 1000)
    return took


def search_rows(server, times):
    sender, recipient = Client(server, "AdeleV"), Client(server, "AlexW")
    rows = []
    for what, seeker, name in (("in the sender's Sent Items", sender, "sent"), ("in the recipient's Inbox", recipient, "came")):
        took = sorted(until_found(sender, seeker, name, times))
        of = [statistics.median(took), took[int(len(took) * 0.99)], took[-1]]
        told(f"found {what}")
        rows.append(f"| {what} | " + " | ".join(f"{ms:.1f}" for ms in of) + " |")
    return rows


def seconds(deed):
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def count(client, folder):
    return client.json("GET", f"/me/mailFolders/{folder}")["totalItemCount"]


def until_count(client, folder, wanted):
    end = time.monotonic() + FOLDER_WITHIN
    while count(client, folder) != wanted:
        if time.monotonic() > end:
            sys.exit(f"large: a folder has {count(client, folder)} messages and not {wanted}")
        time.sleep(0.05)


def folder_rows(client, folder, size):
    """Rows of what is done to a folder with so many messages: until it is answered, and until all is done."""
    deeds = []

    def timed(what, deed, done):
        began = time.perf_counter()
        answer = deed()
        answered = time.perf_counter() - began
        done(answer)
        told(what)
        deeds.append(f"| {what} | {answered:.3f} | {time.perf_counter() - began:.1f} |")
        return answer

    def post(action, destination):
        return lambda: client.json("POST", f"/me/mailFolders/{folder}/{action}", {"destinationId": destination})

    moved = timed("move to another folder", post("move", "archive"), lambda answer: until_count(client, answer["id"], size))
    folder = moved["id"]
    copy = timed("copy", post("copy", "msgfolderroot"), lambda answer: until_count(client, answer["id"], size))
    gone = lambda _: client.call("GET", f"/me/mailFolders/{copy['id']}", expected=[404])
    timed("permanentDelete of the copy", lambda: client.call("POST", f"/me/mailFolders/{copy['id']}/permanentDelete"), gone)
    timed("delete (to Deleted Items)", lambda: client.call("DELETE", f"/me/mailFolders/{folder}"), lambda _: None)
    return deeds


def attachment_rows(client):
    """Rows of an attachment of 150 MB by an upload session: until it is there, is read again, and is sent."""
    draft = client.json("POST", "/me/messages", {"subject": "Large", "toRecipients": [{"emailAddress": {"address": "AlexW@contoso.com"}}]})
    item = {"AttachmentItem": {"attachmentType": "file", "name": "large.bin", "size": ATTACHMENT}}
    session = client.json("POST", f"/me/messages/{draft['id']}/attachments/createUploadSession", item)
    pattern = bytes(range(251)) * (ATTACHMENT // 251 + 1)
    location = None

    def upload():
        nonlocal location
        upload = urllib.parse.urlsplit(session["uploadUrl"])
        path = upload.path + ("?" + upload.query if upload.query else "")
        for begin in range(0, ATTACHMENT, PIECE):
            piece = pattern[begin : min(begin + PIECE, ATTACHMENT)]
            headers = {"Content-Type": "application/octet-stream", "Content-Range": f"bytes {begin}-{begin + len(piece) - 1}/{ATTACHMENT}"}
            client.connection.request("PUT", path, piece, headers)
            answer = client.connection.getresponse()
            octets = answer.read()
            if answer.status not in (200, 201):
                sys.exit(f"large: a piece was answered {answer.status} {octets[:300]!r}")
        location = urllib.parse.urlsplit(answer.headers["Location"]).path

    def read():
        octets = client.call("GET", location + "/$value")[1]
        if octets != pattern[:ATTACHMENT]:
            sys.exit("large: the attachment is another than was sent")

    rows = [f"| {ATTACHMENT // 1_000_000} MB in pieces of 4 MiB | {seconds(upload):.1f} |"]
    rows.append(f"| its `/$value`, compared | {seconds(read):.1f} |")
    rows.append(f"| `send` of the draft with it | {seconds(lambda: client.call('POST', '/me/messages/' + draft['id'] + '/send')):.1f} |")
    return rows


def page(args, search, folders, attachment):
    return "\n".join(
        [
            "# Large mailboxes and messages",
            "",
            f"Written by `./test long` on {machine(args.work)}. Others may have used the cores too.",
            "",
            f"*Found*: milliseconds from the 202 of a `sendMail` to the answer of a `$search` that has the message, over HTTP, in a",
            f"mailbox of {args.messages} messages; {args.times} sends, one after the other.",
            "",
            "| found | p50 | p99 | longest |",
            "|---|---:|---:|---:|",
            *search,
            "",
            f"A folder of {args.messages} messages, in seconds: until the answer, and until all of it is done.",
            "",
            "| deed | answered | done |",
            "|---|---:|---:|",
            *folders,
            "",
            "An attachment by an upload session, in seconds.",
            "",
            "| deed | took |",
            "|---|---:|",
            *attachment,
            "",
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--restante", type=Path, required=True, help="the server's binary")
    parser.add_argument("--work", type=Path, required=True, help="a folder on the disk to be measured")
    parser.add_argument("--write", type=Path, help="also write the page to this file")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=300)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    server = Restante(args)
    try:
        client = Client(server, "AdeleV")
        attachment = attachment_rows(client)
        folder = client.json("POST", "/me/mailFolders", {"displayName": "Many"})["id"]
        told(f"filled in {seconds(lambda: fill(server, folder, args.messages)):.0f} s")
        client = Client(server, "AdeleV")  # a connection that was idle so long is closed
        told(f"indexed after {until_found(client, client, 'warm', 1)[0] / 1000:.0f} s more")
        text = page(args, search_rows(server, args.times), folder_rows(client, folder, args.messages), attachment)
        print(text, flush=True)
        server.end()
    finally:
        server.process.kill()
    if args.write:
        args.write.parent.mkdir(parents=True, exist_ok=True)
        args.write.write_text(text)


if __name__ == "__main__":
    main()
