#!/usr/bin/env python3
"""Takes the structures of CMS out of messages and files, as octets: seeds of the fuzz target `smime_split`.

    tests/structures.py FOLDER SEEDS
"""

import base64
import email
import hashlib
import pathlib
import re
import sys

ARMOUR = re.compile(rb"-----BEGIN (?:CMS|PKCS7)-----(.*?)-----END", re.DOTALL)


def structures(file):
    octets = file.read_bytes()
    if file.suffix in (".cms", ".der"):
        yield octets
    elif file.suffix == ".pem":
        yield from (base64.b64decode(text) for text in ARMOUR.findall(octets))
    elif file.suffix == ".eml":
        for part in email.message_from_bytes(octets).walk():
            if part.get_content_subtype().removeprefix("x-").startswith("pkcs7"):
                yield part.get_payload(decode=True) or b""


def main(folder, seeds):
    for file in (path for path in pathlib.Path(folder).rglob("*") if path.is_file()):
        for octets in structures(file):
            (pathlib.Path(seeds) / hashlib.sha256(octets).hexdigest()[:16]).write_bytes(octets)


main(*sys.argv[1:])
