"""Drives a model with sequences with tritonclient, as its examples do: python sequences.py HOST:PORT.

Prints one JSON object a case: {"case": name, "error": traceback or null}.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tritonclient.http as http
import tritonclient.http.aio as aio

from cases import refused, tell, tensor

URL = sys.argv[1]
MODEL = "accumulator"


def x(value):
    return [tensor("x", np.array([[value]], dtype=np.float32), "FP32")]


def step(client, value, sequence, start=False, end=False):
    result = client.infer(
        MODEL, x(value), sequence_id=sequence, sequence_start=start, sequence_end=end
    )
    return float(result.as_numpy("y")[0][0]), int(result.as_numpy("id")[0][0])


def two_in_turn(client):
    """The example of tritonclient: two sequences, each value sent to one and negated to the other."""
    values = [11, 7, 5, 3, 2, 0, 1]
    first, second = [], []
    for at, value in enumerate(values):
        flags = {"start": at == 0, "end": at == len(values) - 1}
        first.append(step(client, value, 1000, **flags))
        second.append(step(client, -value, 1001, **flags))
    sums = np.cumsum(values).tolist()
    assert first == [(total, 1000) for total in sums], first
    assert second == [(-total, 1001) for total in sums], second


def many_at_once(_):
    def run(sequence):
        with http.InferenceServerClient(URL) as client:
            total = 0
            for at in range(8):
                total += sequence + at
                got = step(client, sequence + at, sequence, start=at == 0, end=at == 7)
                assert got == (total, sequence), (sequence, at, got)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(run, range(1, 49)))


def refusals(client):
    error = refused(lambda: step(client, 1, 42))
    assert error.status() == "400", error.status()
    assert (
        "inference request for sequence 42 to model 'accumulator' must specify the START flag"
        " on the first request of the sequence" in error.message()
    ), error.message()
    error = refused(lambda: client.infer(MODEL, x(1)))
    assert "must specify a non-zero or non-empty correlation ID" in error.message()
    error = refused(lambda: step(client, 1, "by name", start=True))
    assert '"sequence_id" must be a number' in error.message(), error.message()


def config(client):
    told = client.get_model_config(MODEL)
    assert told["max_batch_size"] == 8, told
    kinds = [one["control"][0]["kind"] for one in told["sequence_batching"]["control_input"]]
    assert sorted(kinds) == [
        "CONTROL_SEQUENCE_CORRID",
        "CONTROL_SEQUENCE_END",
        "CONTROL_SEQUENCE_READY",
        "CONTROL_SEQUENCE_START",
    ], kinds
    assert [one["name"] for one in told["input"]] == ["x"], told


def asyncio_client(_):
    async def run():
        async with aio.InferenceServerClient(URL) as client:
            for at, total in enumerate([5, 10, 15]):
                result = await client.infer(
                    MODEL, x(5), sequence_id=77, sequence_start=at == 0, sequence_end=at == 2
                )
                assert result.as_numpy("y")[0][0] == total

    asyncio.run(run())


CASES = {
    "two sequences in turn": two_in_turn,
    "many sequences at once": many_at_once,
    "refusals in words": refusals,
    "the configuration": config,
    "the asyncio client": asyncio_client,
}


with http.InferenceServerClient(URL) as shared:
    tell(CASES, lambda case: case(shared))
