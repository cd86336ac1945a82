# What serve.mjs is for JavaScript: one side of a measurement in a process of its own. See there.
import json
import math
import sys
import time

import_started = time.perf_counter()


class Cannot(Exception):
    pass


class Missing(Exception):
    pass


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


CHECK_SECONDS = 20


def serve(prepare):
    request = json.loads(sys.argv[1])
    try:
        work = prepare(request)
        if request["job"]["kind"] == "startup":
            say({"ready": True, **work})
            return
        answer(request, work)
    except Cannot as error:
        say({"cannot": str(error)})
    except Missing as error:
        say({"missing": str(error)})


def answer(request, work):
    results = check(request["job"], work)
    pace = warm_up(work, request["warmUpSeconds"])
    say({"ready": True, "results": results, "secondsPerStep": pace, "version": work.version})
    for line in sys.stdin:
        steps = max(1, round(json.loads(line)["seconds"] / pace))
        work.start()
        taken = timed(work, steps)
        pace = taken / steps
        say({"steps": steps, "seconds": taken})


def check(job, work):
    results = []
    began = time.perf_counter()
    work.start()
    for _ in range(job.get("checkedSteps", 1)):
        result = work.advance(1)
        results.extend(result if isinstance(result, list) else [result])
        if time.perf_counter() - began > CHECK_SECONDS:
            break
    return results


def warm_up(work, seconds):
    end = time.perf_counter() + seconds
    work.start()
    steps = 1
    while True:
        pace = timed(work, steps) / steps
        now = time.perf_counter()
        if now >= end:
            return pace
        steps = max(1, min(2 * steps, math.ceil((end - now) / pace)))


def timed(work, steps):
    start = time.perf_counter()
    work.advance(steps)
    return time.perf_counter() - start


def read_data(numpy, data):
    """A function from an array's name to its values."""

    def array(name):
        entry = data["arrays"][name]
        count = math.prod(entry["shape"])
        return numpy.fromfile(data["file"], entry["dtype"], count, offset=entry["start"]).reshape(entry["shape"])

    return array


def ramp(numpy, length, factor):
    """The same numbers as ramp in lib/data.mjs."""
    return ((numpy.arange(length, dtype=numpy.int64) * factor % 1009) / 1009 - 0.5).astype(numpy.float32)
