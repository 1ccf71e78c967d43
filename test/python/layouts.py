"""Drives a Sluice that serves two repositories of Triton with tritonclient: python layouts.py HOST:PORT.

Prints one JSON object a case: {"case": name, "error": traceback or null}.
"""

import json
import sys

import numpy as np
import tritonclient.http as http

from cases import refused, tell, tensor

URL = sys.argv[1]


def ready_with_all_models(client):
    assert client.is_server_live() and client.is_server_ready()
    index = {(m["name"], m.get("version")): m.get("state") for m in client.get_model_repository_index()}
    assert index == {
        ("auto", "1"): "READY",
        ("classifier", "1"): "READY",
        ("named", "7"): "READY",
        ("scattered", "1"): "READY",
        ("simple", "1"): "READY",
        ("simple", "3"): "READY",
    }, index


def metadata_in_the_shapes_of_the_configuration(client):
    model = client.get_model_metadata("simple")
    assert model["versions"] == ["1", "3"] and model["platform"] == "onnxruntime_onnx", model
    tensor = lambda name: {"name": name, "datatype": "INT32", "shape": [-1, 16]}
    assert model["inputs"] == [tensor("INPUT0"), tensor("INPUT1")], model
    assert model["outputs"] == [tensor("OUTPUT0"), tensor("OUTPUT1")], model
    model = client.get_model_metadata("classifier")
    assert model["inputs"] == [{"name": "data_0", "datatype": "FP32", "shape": [3, 2, 2]}], model
    assert model["outputs"] == [{"name": "fc6_1", "datatype": "FP32", "shape": [4]}], model


def configuration_as_it_was_written_and_completed(client):
    simple = client.get_model_config("simple")
    assert simple["max_batch_size"] == 8 and simple["backend"] == "onnxruntime", simple
    assert simple["version_policy"] == {"specific": {"versions": [1, 3]}}, simple
    batching = simple["dynamic_batching"]
    assert batching["preferred_batch_size"] == [4, 8], batching
    assert int(batching["max_queue_delay_microseconds"]) == 100, batching
    assert simple["parameters"]["intra_op_thread_count"] == {"string_value": "1"}, simple
    assert [group["kind"] for group in simple["instance_group"]] == ["KIND_CPU"], simple
    assert [w["name"] for w in simple["model_warmup"]] == ["zeros", "from a file"], simple
    classifier = client.get_model_config("classifier")
    assert classifier["output"][0]["label_filename"] == "labels.txt", classifier
    assert classifier["input"][0]["reshape"]["shape"] == [1, 3, 2, 2], classifier
    assert classifier["input"][0]["format"] == "FORMAT_NCHW", classifier
    auto = client.get_model_config("auto")
    assert auto["max_batch_size"] == 4 and auto["input"][0]["dims"] == [1], auto
    assert client.get_model_config("named")["default_model_filename"] == "net.onnx"


def answers_of_every_version(client):
    a = np.arange(32, dtype=np.int32).reshape(2, 16)
    b = np.full((2, 16), 7, np.int32)
    inputs = [tensor("INPUT0", a, "INT32"), tensor("INPUT1", b, "INT32")]
    for version, scale in (("1", 1), ("3", 3), ("", 3)):
        result = client.infer("simple", inputs, model_version=version)
        assert result.get_response()["model_version"] == (version or "3"), result.get_response()
        assert (result.as_numpy("OUTPUT0") == (a + b) * scale).all(), result.as_numpy("OUTPUT0")
        assert (result.as_numpy("OUTPUT1") == (a - b) * scale).all(), result.as_numpy("OUTPUT1")
    error = refused(lambda: client.infer("simple", inputs, model_version="2"))
    assert error.status() == "404", error
    assert not client.is_model_ready("simple", "2")


def a_batch_that_is_too_large(client):
    rows = np.zeros((9, 16), np.int32)
    inputs = [tensor("INPUT0", rows, "INT32"), tensor("INPUT1", rows, "INT32")]
    error = refused(lambda: client.infer("simple", inputs))
    assert "inference request batch-size must be <= 8 for 'simple'" in error.message(), error


def answers_through_a_reshape(client):
    values = np.arange(12, dtype=np.float32).reshape(3, 2, 2) / 4
    weights = np.arange(48, dtype=np.float32).reshape(12, 4) / 8
    result = client.infer("classifier", [tensor("data_0", values, "FP32")])
    got = result.as_numpy("fc6_1")
    assert got.shape == (4,), got.shape
    assert np.allclose(got, values.reshape(1, 12) @ weights), got
    inner = values.reshape(1, 3, 2, 2)
    error = refused(lambda: client.infer("classifier", [tensor("data_0", inner, "FP32")]))
    assert "expected [3,2,2]" in error.message(), error


def a_model_without_a_configuration(client):
    values = np.array([[1], [2], [3]], np.float32)
    for model, more in (("auto", 10), ("named", 20), ("scattered", 30)):
        got = client.infer(model, [tensor("x", values, "FP32")]).as_numpy("y")
        assert (got == values + more).all(), (model, got)


def a_configuration_that_is_sent(client):
    before = client.get_model_config("simple")
    client.load_model("simple", config=json.dumps({"max_batch_size": 2}))
    assert client.get_model_config("simple")["max_batch_size"] == 2
    assert client.get_model_config("simple")["input"] == before["input"]
    rows = np.zeros((3, 16), np.int32)
    inputs = [tensor("INPUT0", rows, "INT32"), tensor("INPUT1", rows, "INT32")]
    assert "must be <= 2" in refused(lambda: client.infer("simple", inputs)).message()
    error = refused(lambda: client.load_model("simple", config='{"max_batch_size": -1}'))
    assert "max_batch_size" in error.message(), error
    assert client.get_model_config("simple")["max_batch_size"] == 2
    client.load_model("simple")
    assert client.get_model_config("simple") == before


def models_that_are_unloaded_and_loaded(client):
    client.unload_model("classifier")
    assert not client.is_model_ready("classifier") and client.is_server_ready()
    states = {m["name"]: m.get("state") for m in client.get_model_repository_index()}
    assert states["classifier"] == "UNAVAILABLE" and states["simple"] == "READY", states
    client.load_model("classifier")
    assert client.is_model_ready("classifier")


CASES = {
    "all models are ready": ready_with_all_models,
    "metadata in the shapes of the configuration": metadata_in_the_shapes_of_the_configuration,
    "the configuration as it was written, and completed": configuration_as_it_was_written_and_completed,
    "answers of every version": answers_of_every_version,
    "a batch that is too large": a_batch_that_is_too_large,
    "answers through a reshape": answers_through_a_reshape,
    "models without a configuration": a_model_without_a_configuration,
    "a configuration that is sent": a_configuration_that_is_sent,
    "models that are unloaded and loaded": models_that_are_unloaded_and_loaded,
}


def run(case):
    with http.InferenceServerClient(URL) as client:
        case(client)


tell(CASES, run)
