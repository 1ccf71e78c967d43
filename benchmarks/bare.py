"""Bare ONNX Runtime, Python binding: `bare.py MODEL INPUTS INPUT_NAME DTYPE SHAPE` (as in 1,3,224,224).

One session, intra-op threads 1, spinning off; as many concurrent runs as asked for. Each line on
stdin is a question in JSON, each line on stdout its answer:
{"threads": 2, "seconds": 4} -> {"requests", "seconds", "p50Ms"}     {"answers": true} -> [[…], …]
With "rows": 8 so many requests share a run, where the model takes any number; with "times": true what
each run took is in the answer, "runMs": […].
"""
import json
import sys
import threading
from time import perf_counter

import numpy as np
import onnxruntime

path, inputs_path, name, dtype, shape = sys.argv[1:]
shape = [int(n) for n in shape.split(",")]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
feeds = [{name: row} for row in np.fromfile(inputs_path, dtype).reshape(-1, *shape)]


def joined(rows):
    """Feeds of so many rows each, every one of them another."""
    turns = [[(i + j) % len(feeds) for j in range(rows)] for i in range(len(feeds))]
    return [{name: np.concatenate([feeds[k][name] for k in turn])} for turn in turns]


def load(seconds, feeds, times):
    """Runs until `seconds` have passed; a run that has begun is finished and counted."""
    before, turn = perf_counter(), 0
    end = before + seconds
    while before < end:
        session.run(None, feeds[turn % len(feeds)])
        after = perf_counter()
        times.append(after - before)
        before, turn = after, turn + 1


def measure(threads, seconds, rows=1, told=False):
    times, given = [[] for _ in range(threads)], joined(rows) if rows > 1 else feeds
    workers = [threading.Thread(target=load, args=(seconds, given, mine)) for mine in times]
    start = perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    passed = perf_counter() - start
    every = np.concatenate(times)
    sample = {"requests": len(every) * rows, "seconds": passed,
              "p50Ms": float(np.median(every)) * 1000}
    return {**sample, "runMs": (every * 1000).tolist()} if told else sample


def answer(question):
    if "answers" in question:
        return [session.run(None, feed)[0].ravel().tolist() for feed in feeds]
    return measure(question["threads"], question["seconds"], question.get("rows", 1),
                   question.get("times", False))


print(json.dumps({"version": onnxruntime.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
