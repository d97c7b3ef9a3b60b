"""What croniter and dateutil make of expressions and rules: a line for each that is read."""

import sys
from datetime import datetime, timezone
from itertools import islice

from croniter import croniter
from dateutil.rrule import rrulestr


def times(kind, text, start, count):
    begin = datetime.fromtimestamp(start, timezone.utc).replace(tzinfo=None)
    if kind == "cron":
        walk = croniter(text, begin)
        return [walk.get_next(datetime) for _ in range(count)]
    # Rules without a beginning of their own begin with 2020.
    rule = rrulestr(text.replace(" ", "\n"), dtstart=datetime(2020, 1, 1))
    return list(islice(rule.xafter(begin), count))


for line in sys.stdin:
    kind, start, count, text = line.rstrip("\n").split("\t")
    found = times(kind, text, int(start), int(count))
    print(*(int(at.replace(tzinfo=timezone.utc).timestamp()) for at in found))
