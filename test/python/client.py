"""Drives a running Sluice with tritonclient: python client.py HOST:PORT IRIS.JSON ECHO.ONNX, one case
after another.

Prints one JSON object a case: {"case": name, "error": traceback or null}.
"""

import asyncio
import inspect
import json
import sys

import ml_dtypes
import numpy as np
import tritonclient.http as http
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException

from cases import refused, tell, tensor

URL = sys.argv[1]
IRIS = json.load(open(sys.argv[2], encoding="utf-8"))
ROWS = np.array(IRIS["rows"], dtype=np.float32)

DATATYPES = {
    "BOOL": np.array([[True, False], [False, False]]),
    "UINT8": np.array([[0, 255], [1, 2]], dtype=np.uint8),
    "UINT16": np.array([[0, 65535], [1, 2]], dtype=np.uint16),
    "UINT32": np.array([[0, 2**32 - 1], [1, 2]], dtype=np.uint32),
    "UINT64": np.array([[0, 2**64 - 1], [1, 2]], dtype=np.uint64),
    "INT8": np.array([[-128, 127], [1, 2]], dtype=np.int8),
    "INT16": np.array([[-32768, 32767], [1, 2]], dtype=np.int16),
    "INT32": np.array([[-(2**31), 2**31 - 1], [1, 2]], dtype=np.int32),
    "INT64": np.array([[-(2**63), 2**63 - 1], [1, 2]], dtype=np.int64),
    "FP16": np.array([[0.1, -65504], [1, 2]], dtype=np.float16),
    "FP32": np.array([[0.1, -3.4e38], [1, 2]], dtype=np.float32),
    "FP64": np.array([[0.1, -1.7e308], [1, 2]], dtype=np.float64),
    "BYTES": np.array([["é".encode(), b"a\x00b\x00"], [b"", b"\xff\x00"]], dtype=np.object_),
}


def health_and_metadata(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("iris")
    assert client.is_model_ready("iris", "1")
    assert not client.is_model_ready("nobody")
    server = client.get_server_metadata()
    assert server["name"] == "sluice", server
    assert "binary_tensor_data" in server["extensions"], server
    model = client.get_model_metadata("iris")
    assert model["name"] == "iris" and model["versions"] == ["1"], model
    assert model["inputs"] == [{"name": "features", "datatype": "FP32", "shape": [-1, 4]}], model
    assert [output["datatype"] for output in model["outputs"]] == ["INT64", "FP32"], model
    config = client.get_model_config("iris")
    assert config["input"][0]["data_type"] == "TYPE_FP32", config
    assert config["max_batch_size"] == 4 and config["input"][0]["dims"] == [4], config


def unknown_model(client):
    error = refused(lambda: client.get_model_metadata("nobody"))
    assert error.status() == "404", error.status()
    assert 'no model is named "nobody"' in error.message(), error.message()


def statistics(client):
    before = client.get_inference_statistics("echo-fp32")["model_stats"][0]
    for rows in (1, 3):
        ask(client, "echo-fp32", [tensor("x", np.zeros((rows, 2), np.float32), "FP32")])
    after = client.get_inference_statistics("echo-fp32", "1")["model_stats"]
    assert len(after) == 1 and after[0]["name"] == "echo-fp32", after
    grown = lambda key: after[0][key] - before[key]
    assert grown("inference_count") == 4 and grown("execution_count") == 2, (before, after)
    success = lambda stats: stats["inference_stats"]["success"]
    assert success(after[0])["count"] - success(before)["count"] == 2, (before, after)
    assert success(after[0])["ns"] > success(before)["ns"], (before, after)
    names = {stats["name"] for stats in client.get_inference_statistics()["model_stats"]}
    assert {"iris", "echo-fp32"} <= names, names


def iris_every_way(client):
    label, scores = [o["name"] for o in client.get_model_metadata("iris")["outputs"]]
    for binary_in in (True, False):
        for binary_out in (True, False):
            outputs = [http.InferRequestedOutput(n, binary_data=binary_out) for n in (scores, label)]
            result = client.infer(
                "iris",
                [tensor("features", ROWS, "FP32", binary_in)],
                outputs=outputs,
                request_id="row 7",
            )
            response = result.get_response()
            assert response["id"] == "row 7", response
            assert response["model_name"] == "iris" and response["model_version"] == "1", response
            assert [o["name"] for o in response["outputs"]] == [scores, label], response
            check_iris(result.as_numpy(label), result.as_numpy(scores))


def iris_by_default(client):
    label, scores = [o["name"] for o in client.get_model_metadata("iris")["outputs"]]
    result = client.infer("iris", [tensor("features", ROWS, "FP32")], model_version="1")
    check_iris(result.as_numpy(label), result.as_numpy(scores))


def every_datatype(client):
    for datatype, values in DATATYPES.items():
        ways = ((True, True), (True, False), (False, True), (False, False))
        if datatype == "FP16" or datatype == "BYTES":  # the client has no JSON for these
            ways = ways[:1]
        for binary_in, binary_out in ways:
            model = f"echo-{datatype.lower()}"
            result = client.infer(
                model,
                [tensor("x", values, datatype, binary_in)],
                outputs=[http.InferRequestedOutput("y", binary_data=binary_out)],
            )
            got = result.as_numpy("y")
            assert got.shape == values.shape, (datatype, got.shape)
            assert (got == values).all(), (datatype, binary_in, binary_out, got)


def bfloat16(client):
    values = np.array([[0.5, -3.140625], [1, 2]], dtype=ml_dtypes.bfloat16)
    result = client.infer("echo-bf16", [tensor("x", values, "BF16")])
    got = result.as_numpy("y")
    assert got.shape == (2, 2) and (got.astype(np.float32) == values.astype(np.float32)).all(), got


def text_by_json(client):
    values = np.array([["é", "a\x00b"], ["", "plain"]], dtype=np.object_)
    result = client.infer(
        "echo-bytes",
        [tensor("x", values, "BYTES", binary=False)],
        outputs=[http.InferRequestedOutput("y", binary_data=False)],
    )
    assert (result.as_numpy("y") == values).all(), result.as_numpy("y")


def no_rows(client):
    for binary in (True, False):
        values = np.zeros((0, 2), np.float32)
        result = client.infer(
            "echo-fp32",
            [tensor("x", values, "FP32", binary)],
            outputs=[http.InferRequestedOutput("y", binary_data=binary)],
        )
        assert result.as_numpy("y").shape == (0, 2), result.get_response()


def several_inputs(client):
    a = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
    b = np.array([[10, 20], [30, 40], [50, 60]], dtype=np.float32)
    for swapped in (False, True):
        for binary in ((True, True), (True, False), (False, True)):
            inputs = [tensor("a", a, "FP32", binary[0]), tensor("b", b, "FP32", binary[1])]
            result = client.infer("sum", inputs[::-1] if swapped else inputs)
            assert (result.as_numpy("sum") == a + b).all(), result.as_numpy("sum")


def compression(client):
    values = np.arange(40_000, dtype=np.float32).reshape(-1, 2)
    for request in ("gzip", "deflate", None):
        for response in ("gzip", "deflate", None):
            for binary in (True, False):
                result = client.infer(
                    "echo-fp32",
                    [tensor("x", values, "FP32", binary)],
                    outputs=[http.InferRequestedOutput("y", binary_data=binary)],
                    request_compression_algorithm=request,
                    response_compression_algorithm=response,
                )
                assert (result.as_numpy("y") == values).all(), (request, response, binary)


def refusals(client):
    cases = [
        (np.zeros((2, 3), np.float32), "FP32", "features", "[2,3], expected [-1,4]"),
        (np.zeros((2, 4), np.float64), "FP64", "features", "datatype FP64, expected FP32"),
        (np.zeros((2, 4), np.float32), "FP32", "petals", 'no input "petals"'),
        (np.full((1, 4), -1, np.float32), "FP32", "features", "-1 is out of range, expected at least 0"),
        (np.full((1, 4), np.nan, np.float32), "FP32", "features", "a finite number, got NaN"),
    ]
    for values, datatype, name, words in cases:
        error = refused(lambda: client.infer("iris", [tensor(name, values, datatype)]))
        assert error.status() == "400", error.status()
        assert words in error.message(), error.message()
    outputs = [http.InferRequestedOutput("nothing")]
    error = refused(lambda: client.infer("iris", [tensor("features", ROWS, "FP32")], outputs=outputs))
    assert 'no output "nothing"' in error.message(), error.message()


def concurrent(client):
    values = [np.full((rows, 2), rows, np.float32) for rows in range(1, 21)]
    waiting = [client.async_infer("echo-fp32", [tensor("x", v, "FP32")]) for v in values]
    for request, expected in zip(waiting, values):
        got = request.get_result().as_numpy("y")
        assert got.shape == expected.shape and (got == expected).all(), got


async def asyncio_client(client):
    assert await client.is_server_live() and await client.is_server_ready()
    assert await client.is_model_ready("iris")
    metadata = await client.get_model_metadata("iris")
    label, scores = [o["name"] for o in metadata["outputs"]]
    for compressed in (None, "gzip"):
        result = await client.infer(
            "iris",
            [tensor("features", ROWS, "FP32")],
            request_compression_algorithm=compressed,
            response_compression_algorithm=compressed,
        )
        check_iris(result.as_numpy(label), result.as_numpy(scores))
    values = [np.full((rows, 2), rows, np.float32) for rows in range(1, 21)]
    results = await asyncio.gather(
        *(client.infer("echo-fp32", [tensor("x", v, "FP32")]) for v in values)
    )
    for result, expected in zip(results, values):
        assert (result.as_numpy("y") == expected).all(), result.as_numpy("y")
    try:
        await client.infer("iris", [tensor("features", ROWS[:, :3], "FP32")])
    except InferenceServerException as error:
        assert "[20,3], expected [-1,4]" in error.message(), error.message()
    else:
        raise AssertionError("it was not refused")


def repository(client):
    assert "model_repository" in client.get_server_metadata()["extensions"]
    states = lambda: {one["name"]: one.get("state") for one in client.get_model_repository_index()}
    assert states()["sum"] == "READY", states()
    client.unload_model("sum")
    assert not client.is_model_ready("sum")
    error = refused(lambda: ask_sum(client))
    assert error.status() == "503", error.status()
    client.load_model("sum")
    assert client.is_model_ready("sum") and states()["sum"] == "READY", states()
    ask_sum(client)
    error = refused(lambda: client.load_model("nobody"))
    text = "failed to load 'nobody', failed to poll from model repository"
    assert text in error.message(), error.message()


def sent_model(client):
    with open(sys.argv[3], "rb") as file:
        model = file.read()
    # far more than is parsed as JSON, and than is decoded in one turn
    padding = bytes(range(256)) * 2**15
    files = {"file:3/model.onnx": model, "file:3/padding.bin": padding}
    client.load_model("sent", config='{"max_batch_size": 8}', files=files)
    assert client.get_model_config("sent")["max_batch_size"] == 8
    values = np.array([[1.5, -2]], np.float32)
    answer = ask(client, "sent", [tensor("x", values, "FP32")])
    assert answer.get_response()["model_version"] == "3", answer.get_response()
    assert answer.as_numpy("y").tolist() == values.tolist(), answer.get_response()
    client.unload_model("sent")
    assert not client.is_model_ready("sent")


def ask_sum(client):
    values = np.ones((1, 2), np.float32)
    answer = ask(client, "sum", [tensor("a", values, "FP32"), tensor("b", values, "FP32")])
    assert answer.as_numpy("sum").tolist() == [[2.0, 2.0]], answer.get_response()


def ask(client, model, inputs):
    return client.infer(model, inputs)


def check_iris(labels, scores):
    assert labels.tolist() == IRIS["labels"], labels
    far = np.abs(scores - np.array(IRIS["probabilities"])).max()
    assert far <= IRIS["tolerance"], far


CASES = {
    "health and metadata": health_and_metadata,
    "an unknown model": unknown_model,
    "statistics": statistics,
    "iris in bytes and JSON, both ways": iris_every_way,
    "iris with nothing said of the outputs": iris_by_default,
    "every datatype, both ways": every_datatype,
    "brain floats": bfloat16,
    "text by JSON": text_by_json,
    "no rows": no_rows,
    "several inputs in any order": several_inputs,
    "compression both ways": compression,
    "refusals in words": refusals,
    "many requests at once": concurrent,
    "the asyncio client": asyncio_client,
    "the model repository": repository,
    "a model that is sent": sent_model,
}


async def run_async(case):
    async with aio.InferenceServerClient(URL) as client:
        await case(client)


def run(case):
    if inspect.iscoroutinefunction(case):
        asyncio.run(run_async(case))
        return
    with http.InferenceServerClient(URL, concurrency=8) as client:
        case(client)


tell(CASES, run)
