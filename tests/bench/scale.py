#!/usr/bin/env python3
"""What mail costs past one machine: reckoned from what `./test long` measured (docs/figures/slopes.tsv), and simulated.

What is measured is read, what is assumed stands in the classes below and is printed with the results. Nothing else is an input.

    scale.py                    prints the tables
    scale.py --write PAGE       puts them into the page, between its marks
    scale.py --check PAGE       checks the simulation against what is known, and that the page has these very tables
"""

import argparse
import heapq
import math
import random
import re
import statistics
import sys
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

SLOPES = Path(__file__).parents[2] / "docs/figures/slopes.tsv"
DAY = 86400
MONTH = 30 * DAY
SIZES = (10**4, 10**6, 10**8)  # mailboxes


# ---- what is assumed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Profile:
    """How people use mail."""

    sent: float = 5  # messages that a mailbox sends in a day, each to one recipient
    elsewhere: float = 0.4  # of these, to other servers; as many come from there
    lists: float = 40  # lists of the newest 50 that a mailbox is asked for in a day
    reads: float = 20  # messages that it is asked for in a day
    peak: float = 4  # the busiest minute over the mean
    zipf: float = 0.7  # how unequal mailboxes are: the k-th most busy has k ** -zipf
    small: float = 24e3  # mean octets of a message below 256 KiB, which stand in a row
    large: float = 2e6  # mean octets of those above, which are objects
    large_share: float = 0.05  # of messages
    kept: float = 3000  # messages that a mailbox holds


@dataclass(frozen=True)
class Machines:
    """What there is to run it on. A core is one of those that the slopes were measured on."""

    node_cores: int = 8
    database_cores: int = 32
    round_trip: float = 0.3e-3  # seconds from a node to its database and back
    sync: float = 1.0e-3  # seconds of a sync of the log, on a disk reached by network, or with a standby that waits for it
    log_bytes: float = 200e6  # octets a second that the log may grow by
    iops: float = 20000  # pages a second that the disk reads and writes
    disk: float = 8e12  # octets of one database's disk
    connections: int = 500  # that one database takes
    connections_of_node: int = 31
    cached: float = 0.9  # of pages that are looked at and not in the log's way
    full: float = 0.6  # of each part that is used in the busiest minute


@dataclass(frozen=True)
class Prices:
    """Round figures in dollars, of the size that is asked today; put your own. A standby doubles the database and its disk."""

    core_hour: float = 0.04
    disk_gb_month: float = 0.10
    iops_month: float = 0.005
    object_gb_month: float = 0.023
    put_thousand: float = 0.005
    get_thousand: float = 0.0004
    standbys: int = 1


# ---- what is measured -----------------------------------------------------------------------------------------------


class Slopes:
    """The figures of docs/figures/slopes.tsv."""

    def __init__(self, path=SLOPES):
        lines = (line.rstrip("\n").split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#"))
        self.values = {key: float(value) for key, value in lines}
        self.sizes = sorted({int(key.split(".")[1]) for key in self.values if re.match(r"postgres\.\d+\.", key)})

    def __getitem__(self, key):
        return self.values[key]

    def at(self, store, deed, name, size=None):
        """A slope at the largest mailbox measured, or at one of the others."""
        return self.values[f"{store}.{size or self.sizes[-1]}.{deed}.{name}"]


def per_message(slopes, profile):
    """What one sent message costs the database, by the mix of the profile, with what is asked between two of them."""
    here, away = 1 - profile.elsewhere, profile.elsewhere
    lists, reads = profile.lists / profile.sent, profile.reads / profile.sent

    def of(name, also_read=True):
        mix = here * slopes.at("postgres", "send", name) + away * slopes.at("postgres", "send_elsewhere", name)
        # What comes from elsewhere is filed as what was sent here is: by half of a send's work.
        mix += away * slopes.at("postgres", "send", name) / 2
        looks = lists * slopes.at("postgres", "list", name) + reads * slopes.at("postgres", "value", name)
        return mix + looks if also_read else mix

    copies = 2 * here + away + away
    spread = slopes["postgres.spread_compressed.send.wal_bytes"] / slopes.at("postgres", "send", "wal_bytes")
    images = slopes["postgres.spread_compressed.send.wal_page_images"]
    own_octets = slopes.at("postgres", "send", "bytes_small_octets")
    rows = sum(of(f"bytes_{part}", False) for part in ("tables", "indexes", "text_index"))
    small_octets = (1 + away) * (1 - profile.large_share) * profile.small
    return {
        "node": of("cpu_ms_node") / 1000,
        "database": of("cpu_ms_database") / 1000,
        "trips": of("round_trips"),
        "log": of("wal_bytes", False) * spread + small_octets,
        "plain_log": of("wal_bytes", False) + small_octets,
        "commits": slopes["postgres.sends_at_once.1.syncs"] * (1 + away / 2),
        "pages": images * (2 - here) * (1 + (1 - Machines.cached)),
        "disk": rows + small_octets + own_octets * 0,
        "row_bytes": rows,
        "copies": copies,
        "puts": (1 + away) * profile.large_share * slopes["postgres.send_large.object_requests"],
        "gets": reads * profile.large_share,
        "object_bytes": (1 + away) * profile.large_share * profile.large,
    }


def shared_sync(slopes, commits):
    """Seconds between syncs can't be less than a sync: then commits share one. The part of the log's time that is used."""
    return commits


# ---- what one part holds --------------------------------------------------------------------------------------------


def holds(cost, profile, machines):
    """Messages sent in a second that each part of one database carries, and that one core of a node does, filled as allowed."""
    full = machines.full
    held = profile.kept / cost["copies"]  # a message's bytes stay as long as its copies
    per_mailbox = held * cost["disk"]
    # Each sync serves all that wait: at this number of deeds under way at once, from little's law and the round trips.
    return {
        "CPU of PostgreSQL": full * machines.database_cores / cost["database"],
        "log, octets": full * machines.log_bytes / cost["log"],
        "disk, pages": full * machines.iops / cost["pages"],
        "connections": full * machines.connections / (cost["trips"] * machines.round_trip + cost["database"] + cost["commits"] * machines.sync),
        "disk, octets": 0.8 * machines.disk / per_mailbox * profile.sent * profile.peak / DAY,
    }
