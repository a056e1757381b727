"""One database and its nodes as queues: cores that are shared, one deed at a time in each mailbox, one sync for all commits that
wait. Deeds and looks come at random and go through these; what they waited for, and how busy each part was, comes out."""

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass, replace


class Clock:
    """What is to happen, in the order of time."""

    def __init__(self):
        self.now, self.events, self.count = 0.0, [], 0

    def after(self, seconds, then):
        self.count += 1
        heapq.heappush(self.events, (self.now + seconds, self.count, then))

    def run(self, until=math.inf):
        while self.events and self.events[0][0] <= until:
            self.now, _, then = heapq.heappop(self.events)
            then()

    def go(self, steps):
        """Goes through the steps of a deed: each is told how to go on."""

        def on():
            step = next(steps, None)
            if step:
                step(on)

        on()

    def pause(self, seconds):
        return lambda on: self.after(seconds, on)


class Cores:
    """So many cores, first come, first served."""

    def __init__(self, clock, count):
        self.clock, self.count, self.taken, self.waiting, self.busy = clock, count, 0, deque(), 0.0

    def use(self, seconds):
        def step(on):
            self.busy += seconds
            self.waiting.append((seconds, on))
            self.serve()

        return step

    def serve(self):
        while self.taken < self.count and self.waiting:
            seconds, on = self.waiting.popleft()
            self.taken += 1

            def done(on=on):
                self.taken -= 1
                on()
                self.serve()

            self.clock.after(seconds, done)


class Turns:
    """One at a time in each mailbox."""

    def __init__(self):
        self.queues = {}

    def take(self, mailbox):
        def step(on):
            queue = self.queues.setdefault(mailbox, deque())
            queue.append(on)
            if len(queue) == 1:
                on()

        return step

    def give_back(self, mailbox):
        queue = self.queues[mailbox]
        queue.popleft()
        if queue:
            queue[0]()
        else:
            del self.queues[mailbox]


class Places:
    """So many places, each taken until it is given back."""

    def __init__(self, count):
        self.free, self.waiting = count, deque()

    def take(self, on):
        if self.free:
            self.free -= 1
            on()
        else:
            self.waiting.append(on)

    def give_back(self):
        if self.waiting:
            self.waiting.popleft()()
        else:
            self.free += 1


class Log:
    """A sync at a time, for all that wait when it begins."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds, self.waiting, self.is_busy, self.syncs = clock, seconds, [], False, 0

    def commit(self):
        def step(on):
            self.waiting.append(on)
            if not self.is_busy:
                self.sync()

        return step

    def sync(self):
        served, self.waiting, self.is_busy = self.waiting, [], True
        self.syncs += 1

        def done():
            self.is_busy = False
            if self.waiting:
                self.sync()
            for on in served:
                on()

        self.clock.after(self.seconds, done)


@dataclass(frozen=True)
class Work:
    """What one of a kind asks of each part: seconds of a node's core before its turn and within it, of a database's core, and ways
    to it and back."""

    node: float
    within: float
    database: float
    trips: float
    syncs: int = 1  # one after the other: none where it only looks, two where it is committed in two phases


@dataclass(frozen=True)
class Parts:
    """What a shard stands on: cores of all nodes and of the database, seconds, and how much all nodes have under way at once."""

    node_cores: int
    database_cores: int
    round_trip: float
    sync: float
    looks: int = 10**6
    deeds: int = 10**6


class Shard:
    """The parts, and what was seen of them."""

    def __init__(self, parts, seed=8):
        self.parts, self.chance, self.clock, self.turns = parts, random.Random(seed), Clock(), Turns()
        self.nodes, self.database = Cores(self.clock, parts.node_cores), Cores(self.clock, parts.database_cores)
        self.looks, self.deeds, self.deliveries = Places(parts.looks), Places(parts.deeds), Places(max(1, parts.deeds // 2))
        self.log, self.took, self.under_way, self.most, self.area, self.seen = Log(self.clock, parts.sync), {}, 0, 0, 0.0, 0.0

    def vary(self, seconds):
        """Half of it is always the same, half is chance."""
        return seconds * (0.5 + 0.5 * self.chance.expovariate(1))

    def connect(self, change):
        self.area += self.under_way * (self.clock.now - self.seen)
        self.seen = self.clock.now
        self.under_way += change
        self.most = max(self.most, self.under_way)

    def deed(self, kind, work, mailbox, then=None):
        """A deed about a mailbox, or a look at one (where it has no syncs). Sends queue for their mailbox before they take a
        connection, deliveries, which are fewer at once, after that."""
        began = self.clock.now
        turn, at_once = self.turns.take(mailbox), self.deeds if work.syncs else self.looks
        before = {"send": [turn, at_once.take], "deliver": [self.deliveries.take, at_once.take, turn]}.get(kind, [at_once.take])
        yield self.nodes.use(self.vary(work.node))
        yield from before
        self.connect(1)
        yield self.clock.pause(work.trips * self.parts.round_trip)
        yield self.nodes.use(self.vary(work.within))
        yield self.database.use(self.vary(work.database))
        for _ in range(work.syncs):
            yield self.log.commit()
        self.connect(-1)
        if work.syncs:
            self.turns.give_back(mailbox)
        at_once.give_back()
        if kind == "deliver":
            self.deliveries.give_back()
        self.took.setdefault(kind, []).append(self.clock.now - began)
        if then:
            then()

    def come(self, kind, per_second, seconds, begin):
        """Lets them come at random, so many a second on average."""

        def one():
            begin(kind)
            self.clock.after(self.chance.expovariate(per_second), one) if self.clock.now < seconds else None

        self.clock.after(self.chance.expovariate(per_second), one)

    def used(self, seconds):
        """The part of its cores' time that the nodes and the database worked, and syncs a second."""
        nodes = self.nodes.busy / self.nodes.count / seconds
        return nodes, self.database.busy / self.database.count / seconds, self.log.syncs / seconds

    def percentile(self, kind, percent):
        took = sorted(self.took[kind])
        return took[min(len(took) - 1, len(took) * percent // 100)]


class Zipf:
    """Mailboxes of which the k-th most busy has k ** -s of the work; those of one shard are each so many-th of all."""

    def __init__(self, mailboxes, s, shards=1, shard=0):
        self.count, self.s, self.shards, self.shard = max(1, mailboxes // shards), s, shards, shard
        self.head = [self.weight(place) for place in range(min(1000, self.count))]
        self.first = sum(self.head)
        self.rest = self.tail(len(self.head), self.count)

    def weight(self, place):
        return (self.shards * place + self.shard + 1) ** -self.s

    def tail(self, begin, end):
        """The sum of weights, by its integral."""
        power, at = 1 - self.s, lambda place: self.shards * (place - 0.5) + self.shard + 1
        return (at(end) ** power - at(begin) ** power) / power / self.shards if end > begin else 0.0

    def sum(self):
        return self.first + self.rest

    def draw(self, chance):
        at = chance.random() * self.sum()
        if at >= self.first:
            power, begin = 1 - self.s, self.shards * (len(self.head) - 0.5) + self.shard + 1
            value = ((at - self.first) * power * self.shards + begin**power) ** (1 / power)
            return min(self.count - 1, int((value - self.shard - 1) / self.shards + 0.5))
        for place, weight in enumerate(self.head):
            at -= weight
            if at < 0:
                return place
        return 0


def simulate(parts, works, rates, zipf, seconds=20.0, seed=8):
    """Messages are sent and filed, lists and messages read, at rates; answers the shard with what was seen."""
    shard = Shard(parts, seed)

    def begin(kind):
        mailbox, then = zipf.draw(shard.chance), None
        if kind == "send":
            to = zipf.draw(shard.chance)
            then = lambda: shard.clock.go(shard.deed("deliver", works["deliver"], to))
        shard.clock.go(shard.deed(kind, works[kind], mailbox, then))

    for kind, rate in rates.items():
        if rate > 0:
            shard.come(kind, rate, seconds, begin)
    shard.clock.run(seconds * 10)
    return shard


def one_mailbox(parts, works, clients=16, seconds=20.0, seed=8):
    """Sends a second of one mailbox to which so many clients send as fast as they may, all to one other."""
    shard = Shard(parts, seed)

    def again():
        shard.clock.go(shard.deed("deliver", works["deliver"], 1))
        if shard.clock.now < seconds:
            shard.clock.go(shard.deed("send", works["send"], 0, again))

    for _ in range(clients):
        shard.clock.go(shard.deed("send", works["send"], 0, again))
    shard.clock.run(seconds)
    return len(shard.took["send"]) / seconds


def check():
    """What is known without a simulation must come out of it."""

    def near(what, found, known, within):
        if not abs(found - known) <= within * known:
            raise SystemExit(f"shard: {what}: {found:.4g} where {known:.4g} is known")

    exponential = Shard(Parts(1, 1, 0, 0))
    exponential.vary = lambda seconds: exponential.chance.expovariate(1 / seconds) if seconds else 0.0
    work = Work(0, 0, 1e-3, 0, 0)
    exponential.come("list", 500, 100, lambda kind: exponential.clock.go(exponential.deed(kind, work, 0)))
    exponential.clock.run()
    took = exponential.took["list"]
    near("the mean in an M/M/1 queue that is half full", sum(took) / len(took), 2e-3, 0.08)
    near("how busy it is", exponential.used(100)[1], 0.5, 0.05)
    near("Little's law", exponential.area / exponential.clock.now, len(took) / exponential.clock.now * sum(took) / len(took), 0.01)

    parts, work = Parts(64, 64, 0.1e-3, 0), Work(0, 0.5e-3, 1e-3, 10)
    alone = one_mailbox(parts, {"send": work, "deliver": work})
    near("a mailbox's sends, one after the other", alone, 1 / (10 * 0.1e-3 + 0.5e-3 + 1e-3), 0.03)
    parts = replace(parts, sync=1e-3)
    works = {kind: Work(0.1e-3, 0, 0.5e-3, 2, syncs) for kind, syncs in (("send", 1), ("deliver", 1), ("list", 0), ("read", 0))}
    rates, zipf = {"send": 2000, "list": 500, "read": 0}, Zipf(10**6, 0.7)
    many = simulate(parts, works, rates, zipf, 5.0)
    if len(many.took["send"]) != len(many.took["deliver"]):
        raise SystemExit("shard: what was sent was not delivered once")
    near("syncs that many deeds share", many.used(5.0)[2], 1000, 0.1)
    near("the sum of a Zipf law", Zipf(20_000, 0.7).sum(), sum(k**-0.7 for k in range(1, 20_001)), 1e-3)
    near("and of all its shards", sum(Zipf(20_000, 0.7, 4, shard).sum() for shard in range(4)), Zipf(20_000, 0.7).sum(), 1e-3)
    chance = random.Random(1)
    half = sum(k**-0.7 for k in range(1, 10_001)) / sum(k**-0.7 for k in range(1, 20_001))
    zipf = Zipf(20_000, 0.7)
    near("draws of the busier half", sum(zipf.draw(chance) < 10_000 for _ in range(20_000)) / 20_000, half, 0.02)
