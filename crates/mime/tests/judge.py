"""Reads composed messages with Python's email and says where it finds other values than were given.

Standard input: a JSON list of {"message": base64, "expected": {...}}. Standard output: one line for each difference.
"""

import base64
import email
import email.policy
import json
import sys


ONE_WORD = 40  # a longer display name may take more than one encoded word


def name(text):
    # Python keeps the white space between encoded words of a display name, which RFC 2047 section 6.2 says is none.
    return "".join(text.split()) if len(text) > ONE_WORD else text


def people(message, field):
    field = message[field]
    return [] if field is None else [[name(a.display_name), a.addr_spec] for a in field.addresses]


def text_of(message, field):
    # Python leaves the space of a value that begins on its second line.
    return None if message[field] is None else str(message[field]).strip()


def defects(message):
    found = [f"{type(d).__name__} in a part" for part in message.walk() for d in part.defects]
    for part in message.walk():
        for name, value in part.items():
            found += [f"{type(d).__name__} in {name}" for d in getattr(value, "defects", [])]
    return found


def text(message, kind):
    part = message.get_body((kind,))
    return None if part is None else part.get_content().replace("\r\n", "\n")


def files(message):
    found = []
    for part in message.walk():
        if part.get_filename() is None:
            continue
        if part.get_content_type() == "message/rfc822":
            octets = part.get_payload(0).as_bytes()  # with the line ends of Python
        else:
            octets = part.get_payload(decode=True)
        identifier = part["Content-ID"]
        found.append(
            [
                part.get_filename(),
                part.get_content_type(),
                part.get_content_disposition(),
                None if identifier is None else str(identifier),
                base64.b64encode(octets).decode(),
            ]
        )
    return found


def read(message):
    return {
        "defects": defects(message),
        "names": message.keys(),
        "from": people(message, "From"),
        "to": people(message, "To"),
        "cc": people(message, "Cc"),
        "subject": text_of(message, "Subject"),
        "x": text_of(message, "X-Test"),
        "references": text_of(message, "References"),
        "plain": text(message, "plain"),
        "html": text(message, "html"),
        "files": files(message),
    }


def main():
    for number, case in enumerate(json.load(sys.stdin)):
        octets = base64.b64decode(case["message"])
        found = read(email.message_from_bytes(octets, policy=email.policy.default))
        for key, value in case["expected"].items():
            if key in ("from", "to", "cc"):
                value = [[name(display), address] for display, address in value]
            if found[key] != value:
                print(f"message {number}, {key}: {found[key]!r} instead of {value!r}")


main()
