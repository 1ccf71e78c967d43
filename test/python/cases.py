"""What the scripts beside this one have in common: how they ask, and how their cases are run and told."""

import json
import traceback

import tritonclient.http as http
from tritonclient.utils import InferenceServerException


def tensor(name, values, datatype, binary=True):
    given = http.InferInput(name, list(values.shape), datatype)
    given.set_data_from_numpy(values, binary_data=binary)
    return given


def refused(act):
    try:
        act()
    except InferenceServerException as error:
        return error
    raise AssertionError("it was not refused")


def tell(cases, run):
    """Prints one JSON object a case: {"case": name, "error": traceback or null}."""
    for name, case in cases.items():
        try:
            run(case)
            error = None
        except Exception:
            error = traceback.format_exc()
        print(json.dumps({"case": name, "error": error}), flush=True)
