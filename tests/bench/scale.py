#!/usr/bin/env python3
"""What mail costs past one machine: reckoned from what `./test long` measured (docs/figures/slopes.tsv), and simulated.

What is measured is read, what is assumed stands in the classes below. Nothing else is an input; change these and run it again.

    scale.py                   prints the tables
    scale.py --write PAGE      puts them into the page, behind their marks
    scale.py --check PAGE      checks the simulation against what is known, and that the page has these very tables
"""

import argparse
import re
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import shard
from shard import Parts, Work, Zipf

SLOPES = Path(__file__).resolve().parents[2] / "docs/figures/slopes.tsv"
DAY = 86400
MONTH = 30 * DAY
SIZES = (10**4, 10**6, 10**8)  # mailboxes
LOADS = (0.6, 0.9)  # of what the cores of a database can
SENT = 2e3  # octets of the messages by which slopes were measured
LARGE = 300e3  # and of those that stand in object storage
DISK = "octets of the disk"


# ---- what is assumed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Profile:
    """How people use mail."""

    sent: float = 5  # messages that a mailbox sends in a day, each to one recipient
    elsewhere: float = 0.4  # of these, to other servers; as many come from there
    lists: float = 40  # lists of the newest 50 that a mailbox is asked for in a day
    reads: float = 20  # messages whose octets it is asked for in a day
    peak: float = 4  # the busiest minute over the mean
    zipf: float = 0.7  # how unequal mailboxes are: the k-th most busy has k ** -zipf
    small_kb: float = 24  # mean of a message below 256 KiB: these stand in a row
    large_kb: float = 2000  # mean of those above: these are objects
    large_share: float = 0.05  # of messages
    kept: float = 3000  # messages that a mailbox holds


@dataclass(frozen=True)
class Machines:
    """What there is to run it on. A core is one of those that the slopes were measured on."""

    node_cores: int = 8
    database_cores: int = 32
    round_trip_ms: float = 0.2  # from a node to its database and back
    sync_ms: float = 1  # of the log: a disk reached by network, or a standby that is waited for
    log_mb: float = 200  # that the log may grow by in a second
    pages: float = 20e3  # pages a second that the disk reads and writes
    disk_tb: float = 8  # of one database
    connections: int = 500  # that one database takes
    of_node: int = 32  # connections of a node
    looks: int = 16  # that a node has under way at once
    deeds: int = 12
    cached: float = 0.99  # of the pages that are looked at
    full: float = 0.6  # of each part that is used in the busiest minute


@dataclass(frozen=True)
class Prices:
    """Round figures in dollars, of the size that is asked for such things; nobody's list. Put your own."""

    core_hour: float = 0.04
    disk_gb_month: float = 0.10
    object_gb_month: float = 0.023
    put_thousand: float = 0.005
    get_thousand: float = 0.0004
    copies: int = 2  # of each database and its disk: one stands by


PROFILE, MACHINES, PRICES = Profile(), Machines(), Prices()


# ---- what is measured -----------------------------------------------------------------------------------------------


class Slopes:
    """The figures of docs/figures/slopes.tsv."""

    def __init__(self, path):
        lines = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
        self.values = {key: float(value) for key, value in lines}
        self.sizes = sorted({int(key.split(".")[1]) for key in self.values if re.match(r"postgres\.\d+\.", key)})

    def __getitem__(self, key):
        return self.values[key]

    def of(self, deed, name, store="postgres", size=None):
        """A slope in the largest mailbox that was measured, or in another."""
        return self.values[f"{store}.{size or self.sizes[-1]}.{deed}.{name}"]


def cpu(slopes, part, profile):
    """Seconds of a core for one message that is sent, by its size: two sizes were measured, and what is between them is a line."""
    sent, large = slopes.of("send", f"cpu_ms_{part}") / 1e3, slopes[f"postgres.send_large.cpu_ms_{part}"] / 1e3
    small = sent + (large - sent) * (profile.small_kb * 1e3 - SENT) / (LARGE - SENT)
    return (1 - profile.large_share) * small + profile.large_share * large


def costs(slopes, profile, machines):
    """What each part has to do for one message that is sent, with all that comes and is looked at meanwhile."""
    away, lists, reads = profile.elsewhere, profile.lists / profile.sent, profile.reads / profile.sent
    octets = (1 + away) * (1 - profile.large_share) * profile.small_kb * 1e3

    def mixed(send, relayed, of_list=0.0, of_read=0.0):
        # What comes from elsewhere is filed as what was sent here is: half of a send.
        return (1 - away) * send + away * (relayed + send / 2) + lists * of_list + reads * of_read

    def slope(name):
        return mixed(*(slopes.of(deed, name) for deed in ("send", "send_elsewhere", "list", "value")))

    def rows(name):
        return mixed(slopes.of("send", name), slopes.of("send_elsewhere", name))

    def seconds(part):
        bigger = cpu(slopes, part, profile) - slopes.of("send", f"cpu_ms_{part}") / 1e3
        return slope(f"cpu_ms_{part}") / 1e3 + bigger * mixed(1, 1)

    spread = slopes["postgres.spread_compressed.send.wal_bytes"], slopes["postgres.spread_compressed.send.wal_page_images"]
    relayed = slopes.of("send_elsewhere", "wal_bytes") / slopes.of("send", "wal_bytes")
    images = mixed(spread[1], spread[1] * relayed)
    syncs = mixed(*[slopes["postgres.sends_at_once.1.syncs"]] * 2)
    held = rows("bytes_tables") + rows("bytes_indexes") + rows("bytes_text_index") + octets
    return {
        "node": seconds("node"),
        "database": seconds("database"),
        "trips": slope("round_trips"),
        "syncs": syncs, "log": log,
        "log": mixed(spread[0], spread[0] * relayed) + max(0, octets - (1 + away) * SENT),
        "pages": images + slope("pages_hit") * (1 - machines.cached),
        "held": held / 2,  # a message has two copies here, or is one of two that have one
        "held_octets": octets / 2,
        "objects": (1 + away) * profile.large_share / 2,
        "puts": (1 + away) * profile.large_share * slopes["postgres.send_large.object_requests"],
        "gets": reads * profile.large_share,
    }


def connected(cost, machines):
    """Seconds for which one message that is sent has a connection, all that is looked at meanwhile included."""
    return cost["trips"] * machines.round_trip_ms / 1e3 + cost["database"] + cost["node"] / 2 + cost["syncs"] * machines.sync_ms / 1e3 * 1.5


def of_node(cost, machines):
    """Messages sent in a second that a node carries: by its cores, and by its looks and deeds at once."""
    return [machines.full * machines.node_cores / cost["node"], machines.full * (machines.looks + machines.deeds) / connected(cost, machines)]


def carries(cost, profile, machines):
    """Messages sent in a second that each part of one database carries, filled as far as is allowed."""
    mailboxes = 0.8 * machines.disk_tb * 1e12 / profile.kept
    return {
        "cores": machines.full * machines.database_cores / cost["database"],
        "the log's octets": machines.full * machines.log_mb * 1e6 / cost["log"],
        "pages of the disk": machines.full * machines.pages / cost["pages"],
        "connections at work": machines.full * machines.connections / connected(cost, machines),
        DISK: mailboxes / cost["held"] * profile.sent * profile.peak / DAY,
    }


# ---- tables ---------------------------------------------------------------------------------------------------------


def number(value):
    """Three figures that mean something."""
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.3g}"
    if abs(value) < 0.01:
        return f"{value:.2g}"
    return f"{float(f'{value:.3g}'):,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(cell if isinstance(cell, str) else number(cell) for cell in row) + " |" for row in rows])


DEEDS = (("send", "sent to one here"), ("send_elsewhere", "sent elsewhere"), ("list", "list of 50"), ("value", "octets read"))


def measured(slopes):
    """What one of each costs on PostgreSQL, by the size of the mailbox."""
    head = ["one of these", "mailbox", "rows inserted, updated, deleted", "statements", "round trips", "log, KB", "the same after a checkpoint"]
    head += ["disk, KB: tables, indexes, octets, words", "CPU ms: node, database"]
    rows = []
    for deed, name in DEEDS:
        for size in {"send": slopes.sizes, "value": slopes.sizes[-1:]}.get(deed, (slopes.sizes[0], slopes.sizes[-1])):
            of = lambda what, deed=deed, size=size: slopes.of(deed, what, size=size)
            written = [number(of(f"rows_{what}")) for what in ("inserted", "updated", "deleted")]
            if deed in ("list", "value"):
                rows.append([name, f"{size:,}", "–", of("statements"), of("round_trips"), "–", "–", "–", f"{number(of('cpu_ms_node'))}, {number(of('cpu_ms_database'))}"])
                continue
            disk = [number(of(f"bytes_{what}") / 1e3) for what in ("tables", "indexes", "small_octets", "text_index")]
            after = number(of("wal_bytes", "send_after_checkpoint") / 1e3) if deed == "send" else "–"
            spent = f"{number(of('cpu_ms_node'))}, {number(of('cpu_ms_database'))}"
            rows.append([name, f"{size:,}", ", ".join(written), of("statements"), of("round_trips"), of("wal_bytes") / 1e3, after, ", ".join(disk), spent])
    return table(head, rows)


def beside_sqlite(slopes):
    """SQLite's, and how many share a sync."""
    rows = []
    for deed, name in DEEDS:
        of = lambda what, size, deed=deed: slopes.of(deed, what, "sqlite", size)
        largest = slopes.sizes[-1]
        if deed in ("list", "value"):
            written, disk = "–", "–"
        else:
            written = number(of("disk_bytes", largest) / 1e3)
            disk = ", ".join(number(of(what, largest) / 1e3) for what in ("bytes_rows", "bytes_text_index"))
        rows.append([name, written, disk, *(of("cpu_ms_node", size) for size in slopes.sizes)])
    head = ["on SQLite, one of these", "written, KB", "disk, KB: rows and octets, words"]
    return table([*head, *(f"CPU ms, mailbox of {size:,}" for size in slopes.sizes)], rows)


def syncs(slopes):
    """How many share a sync."""
    of = lambda store: ", ".join(number(slopes[f"{store}.sends_at_once.{count}.syncs"]) for count in (1, 8, 64))
    return f"Syncs a message, its delivery included, with 1, 8 and 64 senders at once: PostgreSQL {of('postgres')}; SQLite {of('sqlite')}."


def log(slopes):
    """What a send writes into the log, by how much of it is whole pages."""
    largest = str(slopes.sizes[-1])
    cases = (
        ("one mailbox, long after a checkpoint", f"{largest}.send"),
        ("one mailbox, right after one", f"{largest}.send_after_checkpoint"),
        ("each from another mailbox, right after one", "spread.send"),
        ("the same with `wal_compression = pglz`", "spread_compressed.send"),
    )
    of = lambda case, name: slopes[f"postgres.{case}.{name}"]
    rows = [[name, of(case, "wal_bytes") / 1e3, of(case, "wal_page_images"), of(case, "cpu_ms_database")] for name, case in cases]
    return table(["600 sends of 2 KB here (64 where each is from another)", "log, KB", "of which whole pages, in number", "CPU ms of the database"], rows)


def holds(slopes):
    """What one PostgreSQL carries in the busiest minute, part by part."""
    cost = costs(slopes, PROFILE, MACHINES)
    each = carries(cost, PROFILE, MACHINES)
    mailboxes = lambda rate: rate * DAY / (PROFILE.sent * PROFILE.peak)
    asked = {
        "cores": f"{number(cost['database'] * 1e3)} ms",
        "the log's octets": f"{number(cost['log'] / 1e3)} KB",
        "pages of the disk": number(cost["pages"]),
        "connections at work": f"{number(cost['trips'])} round trips, {number(cost['syncs'])} syncs",
        DISK: f"{number(cost['held'] / 1e3)} KB a copy, {PROFILE.kept:,.0f} copies a mailbox",
    }
    rows = [[part, asked[part], rate, mailboxes(rate)] for part, rate in sorted(each.items(), key=lambda one: one[1])]
    bare = cost["held"] - cost["held_octets"]
    rate = each[DISK] * cost["held"] / bare
    rows.append(["(the disk, if all octets were objects)", f"{number(bare / 1e3)} KB a copy", rate, mailboxes(rate)])
    by_cores, at_once = of_node(cost, MACHINES)
    rows.append(["(one node's cores)", f"{number(cost['node'] * 1e3)} ms", by_cores, mailboxes(by_cores)])
    rows.append(["(one node's looks and deeds at once)", f"{number(connected(cost, MACHINES) * 1e3)} ms of one", at_once, mailboxes(at_once)])
    return table(["part of one PostgreSQL", "asked of it for one message sent", "messages sent a second", "mailboxes"], rows)


def size_of(slopes, mailboxes):
    """Machines for so many mailboxes, and what a million messages cost there."""
    cost = costs(slopes, PROFILE, MACHINES)
    rate = mailboxes * PROFILE.sent / DAY
    busiest = rate * PROFILE.peak
    databases = max(1, -(-busiest // min(carries(cost, PROFILE, MACHINES).values())))
    cores = max(2, -(-busiest * cost["database"] // (MACHINES.full * databases)))
    nodes = max(2, -(-busiest // min(of_node(cost, MACHINES))))
    disk, objects = mailboxes * PROFILE.kept * cost["held"], mailboxes * PROFILE.kept * cost["objects"] * PROFILE.large_kb * 1e3
    millions, hours = rate * MONTH / 1e6, MONTH / 3600
    dollars = {
        "nodes": nodes * MACHINES.node_cores * hours * PRICES.core_hour,
        "databases": databases * PRICES.copies * cores * hours * PRICES.core_hour,
        "disk": disk / 0.8 * PRICES.copies / 1e9 * PRICES.disk_gb_month,
        "objects and requests": objects / 1e9 * PRICES.object_gb_month
        + rate * MONTH / 1e3 * (cost["puts"] * PRICES.put_thousand + cost["gets"] * PRICES.get_thousand),
    }
    each = [busiest * cost[part] / databases for part in ("log", "syncs", "pages")]
    zipf = Zipf(mailboxes, PROFILE.zipf)
    return {
        "messages sent a second, in the busiest minute": busiest,
        "PostgreSQL servers (and as many that stand by)": databases,
        "nodes": nodes,
        "connections, if all nodes come by one coordinator": nodes * MACHINES.of_node,
        "TB of rows, of objects": ", ".join(number(octets / 1e12) for octets in (disk, objects)),
        "each server's log, MB a second; syncs asked of it; pages of its disk": "; ".join(number(one) for one in (each[0] / 1e6, *each[1:])),
        "object requests a second, at most": busiest * (cost["puts"] + cost["gets"]),
        "busiest mailbox, sends a second": busiest * zipf.weight(0) / zipf.sum(),
        f"$ a million messages for {', '.join(dollars)}": ", ".join(number(price / millions) for price in dollars.values()),
        "$ a million messages, all": sum(dollars.values()) / millions,
    }


def sizes(slopes):
    columns = [size_of(slopes, mailboxes) for mailboxes in SIZES]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    return table(["mailboxes", *(f"{mailboxes:,}" for mailboxes in SIZES)], rows)


def works(slopes, profile, syncs_of_delivery=1):
    """Deeds and looks as queues know them: a send and its delivery are half of what was measured for both, and half of a node's
    work is done within the turn."""

    def work(node, database, trips, syncs):
        within = node / 2 if syncs else 0
        return Work(node - within, within, database, trips, syncs)

    halves = [cpu(slopes, "node", profile) / 2, cpu(slopes, "database", profile) / 2, slopes.of("send", "round_trips") / 2]
    found = {"send": work(*halves, 1), "deliver": work(*halves, syncs_of_delivery)}
    for kind, deed in (("list", "list"), ("read", "value")):
        of = [slopes.of(deed, name) for name in ("cpu_ms_node", "cpu_ms_database", "round_trips")]
        found[kind] = work(of[0] / 1e3, of[1] / 1e3, of[2], 0)
    return found


def queues(slopes):
    """One shard of many in the busiest minute: how long things wait, and what is busy. All that is sent goes to one here."""
    cost = costs(slopes, PROFILE, MACHINES)
    first = carries(cost, PROFILE, MACHINES)["cores"] / MACHINES.full
    rows = []
    cases = [(load, "an ordinary shard", 1, MACHINES.round_trip_ms / 1e3) for load in LOADS]
    cases += [(0.6, "the shard of the busiest mailbox", 1, MACHINES.round_trip_ms / 1e3), (0.6, "deliveries in two phases", 2, MACHINES.round_trip_ms / 1e3)]
    cases += [(0.6, "nodes 1 ms away", 1, 1e-3)]
    for load, name, syncs, trip in cases:
        rate = first * load
        nodes = -(-rate // min(of_node(cost, replace(MACHINES, round_trip_ms=trip * 1e3))))
        shards = max(1, round(SIZES[-1] * PROFILE.sent * PROFILE.peak / DAY / (first * MACHINES.full)))
        at_once = [int(nodes * count) for count in (MACHINES.looks, MACHINES.deeds)]
        parts = Parts(int(nodes * MACHINES.node_cores), MACHINES.database_cores, trip, MACHINES.sync_ms / 1e3, *at_once)
        zipf = Zipf(SIZES[-1], PROFILE.zipf, shards, 0 if "busiest" in name else shards // 2)
        rates = {"send": rate, "list": rate * PROFILE.lists / PROFILE.sent, "read": rate * PROFILE.reads / PROFILE.sent}
        seconds = 4.0
        seen = shard.simulate(parts, works(slopes, PROFILE, syncs), rates, zipf, seconds)
        took = [f"{seen.percentile(kind, 50) * 1e3:.0f}, {seen.percentile(kind, 99) * 1e3:.0f}" for kind in ("send", "deliver", "list")]
        busy = seen.used(seconds)
        rows.append([name, f"{load:.0%}", rate, str(int(nodes)), *took, f"{busy[0]:.0%}, {busy[1]:.0%}", busy[2], f"{seen.area / seconds:.0f}, {seen.most}"])
    head = ["simulated", "of what its cores can", "sent a second", "nodes", "send: p50, p99 ms", "delivery", "list", "cores busy: nodes, database"]
    return table([*head, "syncs a second", "at work at once: mean, most"], rows)


def hottest(slopes):
    """The most that one mailbox sends: as measured, as the simulation has it of that machine, and elsewhere."""
    sent = replace(PROFILE, small_kb=SENT / 1e3, large_share=0)
    here = Parts(1, 1, 0.05e-3, slopes["postgres.sends_at_once.1.ms_of_a_sync"] / 1e3, MACHINES.looks, MACHINES.deeds)
    rows = [["one node, measured", "", "", slopes["postgres.one_mailbox.sends_per_s"]]]
    rows.append(["that machine, simulated: one core for each of both", 0.05, here.sync * 1e3, shard.one_mailbox(here, works(slopes, sent))])
    for trip, sync in ((0.1e-3, 0.1e-3), (0.2e-3, 1e-3), (1e-3, 5e-3)):
        parts = Parts(MACHINES.node_cores, MACHINES.database_cores, trip, sync)
        rows.append(["machines as assumed", trip * 1e3, sync * 1e3, shard.one_mailbox(parts, works(slopes, sent))])
    rows.append(["SQLite, measured", "", "", slopes["sqlite.one_mailbox.sends_per_s"]])
    return table(["one mailbox", "round trip, ms", "sync, ms", "sends a second"], rows)


def assumed():
    said = lambda kind: ", ".join(f"`{one.name}` {number(getattr(kind(), one.name))}" for one in fields(kind))
    return "\n".join(f"- {kind.__name__}: {said(kind)}." for kind in (Profile, Machines, Prices))


TABLES = {"measured": measured, "beside SQLite": beside_sqlite, "syncs": syncs, "log": log, "assumed": lambda _: assumed(), "holds": holds, "sizes": sizes, "queues": queues, "hottest": hottest}


def put(page, name, text):
    """The page with a table behind its mark, up to the next empty line."""
    before, found, behind = page.partition(f"<!-- scale.py: {name} -->\n")
    if not found:
        sys.exit(f"scale: the page has no table {name}")
    _, _, after = ("\n" + behind).partition("\n\n")
    return before + found + text + "\n\n" + after


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slopes", type=Path, default=SLOPES)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    parser.add_argument("--check", type=Path, metavar="PAGE")
    args = parser.parse_args()
    slopes = Slopes(args.slopes)
    texts = {name: make(slopes) for name, make in TABLES.items()}
    page = args.write or args.check
    if not page:
        print("\n\n".join(texts.values()))
        return
    given = wanted = page.read_text()
    for name, text in texts.items():
        wanted = put(wanted, name, text)
    if args.write:
        page.write_text(wanted)
    if args.check:
        shard.check()
        if given != wanted:
            sys.exit(f"scale: {page} has other tables than `scale.py --write {page}` makes")
        print(f"scale: the simulation is as it must be, and {page} has its tables")


if __name__ == "__main__":
    main()
