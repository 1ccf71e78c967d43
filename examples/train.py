"""Trains the example models on the data inside scikit-learn and exports them to ONNX.

    python examples/train.py [--out DIR]

writes, for each model, the ONNX file under models/ and, under data/, rows it never saw with
scikit-learn's own answers. A model whose ONNX answers differ from scikit-learn's is not written.

Everything is seeded and nothing in the files depends on the run, so running it again gives the same
bytes. Another processor may add numbers in another order and so move the last bits of float64; the
float32 weights and the rounded answers hide that, but nothing guarantees it.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from onnx.helper import make_opsetid
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn import datasets
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import Bunch

SEED = 7
HELD_OUT_ROWS = 20
DECIMALS = 9  # of the committed answers: far finer than any tolerance
OPSETS = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8  # the first that may hold opset 17


@dataclass(frozen=True)
class Example:
    """One model: its data, its estimator and how far ONNX may be from scikit-learn.

    `tolerance` is absolute. scikit-learn computes in float64, ONNX in float32, whose values near 1
    are 1.2e-7 apart and near 300 are 3e-5 apart; sums of many terms lose some of these steps.
    """

    name: str
    file: str
    load: Callable[[], Bunch]
    estimator: BaseEstimator
    tolerance: float
    options: dict | None = None


EXAMPLES = [
    # skl2onnx's default for classifiers: the scores come out of a ZipMap, as a list of maps.
    Example(
        "iris",
        "iris/model.onnx",
        datasets.load_iris,
        make_pipeline(StandardScaler(), LogisticRegression(random_state=SEED)),
        # Four products and a softmax on scores below 10 (steps of 1e-6).
        tolerance=1e-5,
    ),
    Example(
        "breast-cancer",
        "breast-cancer/model.onnx",
        datasets.load_breast_cancer,
        GradientBoostingClassifier(n_estimators=100, max_depth=2, random_state=SEED),
        # A score below 10 summed from 100 trees: 100 steps of 5e-7 at worst, and the logistic
        # function flattens them to a quarter.
        tolerance=2e-5,
        options={"zipmap": False},
    ),
    Example(
        "digits",
        "digits.onnx",
        datasets.load_digits,
        make_pipeline(
            MinMaxScaler(),  # all pixels share a scale, and some are always blank
            MLPClassifier(hidden_layer_sizes=(32,), max_iter=1000, random_state=SEED),
        ),
        # A softmax, which flattens differences to a quarter, on scores up to 30 (steps of 2e-6).
        tolerance=1e-5,
        options={"zipmap": False},
    ),
    Example(
        "diabetes",
        "diabetes.onnx",
        lambda: datasets.load_diabetes(scaled=False),
        RandomForestRegressor(n_estimators=50, max_depth=5, random_state=SEED),
        # A sum of 50 trees that reaches about 300: 50 half steps of 3e-5 at worst.
        tolerance=1e-3,
    ),
    Example(
        "diabetes-linear",
        "diabetes-linear.onnx",
        lambda: datasets.load_diabetes(scaled=False),
        make_pipeline(StandardScaler(), LinearRegression()),
        # A sum of ten products of up to 150 (steps of 1.5e-5) whose factors are rounded as well.
        tolerance=1e-3,
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains and exports the example models.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where to write")
    out = parser.parse_args().out
    for example in EXAMPLES:
        print(build(example, out))


def build(example: Example, out: Path) -> str:
    """Trains, exports, compares and writes one model; the line it returns says how good it is."""
    data = example.load()
    # A row that occurs twice (iris has one) could land on both sides of the split: keep the first.
    _, first = np.unique(data.data, axis=0, return_index=True)
    raw, target = data.data[np.sort(first)], data.target[np.sort(first)]
    # Clients send float32. Rounding first makes both sides start from the same numbers, and going
    # back to float64 leaves scikit-learn its full precision.
    features = raw.astype(np.float32).astype(np.float64)
    estimator, classifies = clone(example.estimator), is_classifier(example.estimator)
    train_x, test_x, train_y, test_y, _, test_raw = train_test_split(
        features,
        target,
        raw,
        test_size=0.25,
        random_state=SEED,
        stratify=target if classifies else None,
    )
    estimator.fit(train_x, train_y)
    model = export(example, estimator, features.shape[1])

    # All rows, not only the held-out ones: those trained on lie closest to the trees' thresholds.
    difference = compare(estimator, model, features)
    if not difference <= example.tolerance:  # NaN fails too
        raise SystemExit(f"{example.name}: ONNX is {difference:.1e} from scikit-learn")

    write(out / "models" / example.file, model)
    answers = held_out(example, estimator, test_x[:HELD_OUT_ROWS], test_raw[:HELD_OUT_ROWS])
    write(out / "data" / f"{example.name}.json", to_json(answers))
    return (
        f"{example.name:<16} {'accuracy' if classifies else 'R2':<8} "
        f"{estimator.score(test_x, test_y):.3f} on {len(test_x)} held-out rows, "
        f"ONNX within {difference:.1e} of scikit-learn, {len(model)} bytes"
    )


def export(example: Example, estimator: BaseEstimator, columns: int) -> bytes:
    model = to_onnx(
        estimator,
        name=example.name,  # otherwise a random one
        initial_types=[("features", FloatTensorType([None, columns]))],
        target_opset=OPSETS,
        options=example.options,
    )
    model.ir_version = IR_VERSION
    # skl2onnx lists the opsets in an order that changes from run to run, some of them twice.
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    del model.opset_import[:]
    for domain in sorted(opsets):
        model.opset_import.append(make_opsetid(domain, opsets[domain]))
    return model.SerializeToString(deterministic=True)


def compare(estimator: BaseEstimator, model: bytes, rows: np.ndarray) -> float:
    """The largest difference between the two sets of answers; infinite if a label differs."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answers = session.run(None, {"features": rows.astype(np.float32)})
    if not is_classifier(estimator):
        return np.abs(answers[0][:, 0] - estimator.predict(rows)).max()
    labels, scores = answers
    if isinstance(scores, list):  # ZipMap
        scores = np.array([[row[label] for label in estimator.classes_] for row in scores])
    if not np.array_equal(labels, estimator.predict(rows)):
        return np.inf
    return np.abs(scores - estimator.predict_proba(rows)).max()


def held_out(
    example: Example, estimator: BaseEstimator, rows: np.ndarray, raw: np.ndarray
) -> dict:
    # The raw decimals read better than the rounded ones, and are the same numbers as float32.
    answers = {"model": example.name, "rows": raw.tolist()}
    if is_classifier(estimator):
        answers["labels"] = estimator.predict(rows).tolist()
        answers["probabilities"] = estimator.predict_proba(rows).round(DECIMALS).tolist()
    else:
        answers["predictions"] = estimator.predict(rows).round(DECIMALS).tolist()
    return answers | {"tolerance": example.tolerance}


def to_json(answers: dict) -> bytes:
    """JSON with a line for each row, so that a change shows where it is."""

    def value(entry) -> str:
        if isinstance(entry, list) and isinstance(entry[0], list):
            return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in entry) + "\n  ]"
        return json.dumps(entry)

    lines = [f"  {json.dumps(key)}: {value(entry)}" for key, entry in answers.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    main()
