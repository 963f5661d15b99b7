#!/usr/bin/env python3
"""mkpickle.py [--torch] WEIGHTS.safetensors DIR: the weights as DIR/*.pth, in the forms of training scripts.

Without --torch, stand-ins for the classes of torch and numpy are pickled by name, so that neither is needed.  With it,
torch.save writes the files.
"""
import argparse, collections, dataclasses, datetime, decimal, enum, json, os, pathlib, pickle, struct, sys, types, uuid, zipfile
from collections import OrderedDict


def stand_in(module, name, value=None):
    """A class or function that pickles as module.name."""
    parts = module.split(".")
    for i in range(len(parts)):
        m = sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(".".join(parts[:i + 1])))
        if i:
            setattr(sys.modules[".".join(parts[:i])], parts[i], m)
    value = value or (lambda *a: None)
    value.__module__, value.__name__, value.__qualname__ = module, name, name
    setattr(m, name, value)
    return value


def class_of(module, name):
    return stand_in(module, name, type(name, (), {}))


class Call:
    """Pickles as a call of `function`; `state` becomes the attributes of the result."""

    def __init__(self, function, *args, state=None):
        self.all = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.all


class Storage:
    def __init__(self, kind, data, size):
        self.kind, self.data, self.count = kind, data, len(data) // size


class Zip(pickle.Pickler):
    """torch.save, in few lines."""

    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self.storages = []

    def persistent_id(self, x):
        if not isinstance(x, Storage):
            return None
        self.storages.append(x.data)
        return ("storage", x.kind, str(len(self.storages) - 1), "cuda:0", x.count)


class Plain:
    """The kit without torch."""

    def __init__(self):
        self.float = class_of("torch", "FloatStorage")
        self.rebuild = stand_in("torch._utils", "_rebuild_tensor_v2")
        self.as_parameter = stand_in("torch._utils", "_rebuild_parameter")
        self.with_state = stand_in("torch._utils", "_rebuild_parameter_with_state")
        self.from_type = stand_in("torch._tensor", "_rebuild_from_type_v2")
        self.tensor_type = class_of("torch", "Tensor")

    def arguments(self, data, shape):
        stride = [1] * len(shape)
        for i in range(len(shape) - 1, 0, -1):
            stride[i - 1] = stride[i] * shape[i]
        return (Storage(self.float, data, 4), 0, tuple(shape), tuple(stride), False, OrderedDict())

    def tensor(self, data, shape):
        return Call(self.rebuild, *self.arguments(data, shape))

    def parameter(self, data, shape, attributes=None):
        t = self.tensor(data, shape)
        return Call(self.with_state, t, True, OrderedDict(), attributes) if attributes else Call(self.as_parameter, t, True, OrderedDict())

    def with_attributes(self, data, shape):
        return Call(self.from_type, self.rebuild, self.tensor_type, self.arguments(data, shape), {"no_decay": True})

    def beside(self):
        dtype = Call(stand_in("numpy", "dtype"), "f8", False, True, state=(3, "<", None, None, None, -1, -1, 0))
        scalar, array = stand_in("numpy._core.multiarray", "scalar"), stand_in("numpy._core.multiarray", "_reconstruct")
        old = stand_in("numpy.core.multiarray", "scalar")
        return {"device": Call(class_of("torch", "device"), "cuda", 0), "size": Call(class_of("torch", "Size"), (1, 2)),
                "dtype": Call(stand_in("torch.serialization", "_get_layout"), "torch.strided"), "type": class_of("torch", "float16"),
                "lr": Call(scalar, dtype, b"\0\1\2\3\4\5\6\xff"), "old": Call(old, dtype, b"\0" * 8),
                "losses": Call(array, class_of("numpy", "ndarray"), (0,), b"b", state=(1, (2,), dtype, False, b"\0" * 16))}

    def save(self, value, path, protocol=2):
        import io
        f = io.BytesIO()
        z = Zip(f, protocol)
        z.dump(value)
        with zipfile.ZipFile(path, "w") as out:
            out.writestr("archive/data.pkl", f.getvalue())
            out.writestr("archive/byteorder", "little")
            for i, data in enumerate(z.storages):
                out.writestr(f"archive/data/{i}", data)


class Torch:
    """The kit with torch."""

    def tensor(self, data, shape):
        import torch
        return torch.frombuffer(bytearray(data), dtype=torch.float32).reshape(shape)

    def parameter(self, data, shape, attributes=None):
        import torch
        p = torch.nn.Parameter(self.tensor(data, shape))
        for name, value in (attributes or {}).items():
            setattr(p, name, value)
        return p

    def with_attributes(self, data, shape):
        t = self.tensor(data, shape)
        t.no_decay = True
        return t

    def beside(self):
        import numpy as np, torch
        layer = torch.nn.Linear(2, 2)
        adam = torch.optim.AdamW(layer.parameters())
        layer(torch.ones(1, 2)).sum().backward()
        adam.step()
        return {"device": torch.device("cuda", 0), "size": torch.Size((1, 2)), "dtype": torch.strided, "type": torch.float16,
                "lr": np.float64(0.1), "losses": np.ones(2), "adam": adam.state_dict(), "rng": torch.get_rng_state(),
                "numpy rng": np.random.get_state(), "generator": np.random.default_rng(1),
                "schedule": torch.optim.lr_scheduler.StepLR(adam, 3).state_dict(), "version": torch.__version__}

    def save(self, value, path, protocol=2):
        import torch
        torch.save(value, path, pickle_protocol=protocol)


class Colour(enum.Enum):
    GREEN = 1


@dataclasses.dataclass
class Settings:
    size: int = 512
    where: pathlib.PurePath = pathlib.PurePosixPath("runs/1")


class AttributeDict(dict):
    """As Lightning saves hyperparameters."""


class Net:
    def __init__(self):
        self.weights = {}


def read(path):
    with open(path, "rb") as f:
        head = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    head.pop("__metadata__")
    return {k: (data[slice(*v["data_offsets"])], v["shape"]) for k, v in head.items()}


def python_values():
    options = argparse.Namespace(lr=1e-4, out=pathlib.PosixPath("/tmp/out"), screens=["green", "blue"])
    options.itself = options
    counts = collections.defaultdict(list)
    counts["a"].append(1)
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return {"args": options, "path": pathlib.PosixPath("/data/a b"), "windows": pathlib.PureWindowsPath("C:/x"),
            "begun": datetime.datetime(2026, 11, 30, 12, tzinfo=zone), "day": datetime.date(2026, 1, 2),
            "took": datetime.timedelta(seconds=3), "set": {1, 2}, "frozen": frozenset("ab"), "bytes": b"\0\xff" * 200,
            "array": bytearray(b"12"), "complex": 1j, "counts": counts, "counter": collections.Counter("aab"),
            "queue": collections.deque([1, 2]), "id": uuid.UUID(int=7), "exact": decimal.Decimal("0.1"), "settings": Settings(),
            "class": Settings, "function": os.system, "hyper": AttributeDict(a=1), "long": 1 << 3000, "text": "x" * 300, "cut": "ü" * 99,
            "epoch": 12, "name": "run 1", "none": None, "nested": [{"a": (1, 2, 3, 4)}, [True, False, -1.5]]}


def main():
    with_torch = sys.argv[1] == "--torch"
    weights, folder = read(sys.argv[1 + with_torch]), sys.argv[2 + with_torch]
    kit = Torch() if with_torch else Plain()
    plain = OrderedDict((k, kit.tensor(*v)) for k, v in weights.items())
    first, *others = plain

    def save(name, value, protocol=2):
        kit.save(value, f"{folder}/{name}.pth", protocol)

    def prefixed(prefix, names=plain):
        return OrderedDict((prefix + k, plain[k]) for k in names)

    def changed(**changes):
        return OrderedDict({k: v for k, v in plain.items()}, **changes)

    # Accepted: good-*.
    for protocol in (2, 3, 4, 5):
        save(f"good-protocol-{protocol}", plain, protocol)
        save(f"good-beside-{protocol}", {"state_dict": plain, **python_values(), **kit.beside()}, protocol)
    for key in ("model", "model_state_dict", "state_dict"):
        save(f"good-under-{key}", {"epoch": 3, key: plain, "optimizer": {"state": {0: {"step": plain[first]}}}})
    save("good-model-is-a-name", {"model": "greenformer", "state_dict": plain})
    save("good-model-is-settings", {"model": {"embed": 16}, "state_dict": plain})
    save("good-lightning", {
        "epoch": 9, "global_step": 1000, "pytorch-lightning_version": "2.4.0", "state_dict": prefixed("model."),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 1}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": plain[first], "dirpath": pathlib.PosixPath("x")}},
        "optimizer_states": [{"state": {0: {"step": plain[first], "exp_avg": plain[others[0]]}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}],
        "lr_schedulers": [], "hparams_name": "args", "hyper_parameters": AttributeDict(python_values())})
    for prefix in ("_orig_mod.", "module.", "model._orig_mod.", "module.model."):
        save("good-prefix-" + prefix.replace(".", "-"), prefixed(prefix))
    half = len(plain) // 2
    save("good-two-prefixes", {**prefixed("model.", list(plain)[:half]), **prefixed("module.", list(plain)[half:])})
    save("good-parameters", OrderedDict((k, kit.parameter(*v)) for k, v in weights.items()), 4)
    save("good-parameters-2", OrderedDict((k, kit.parameter(*v, {"no_decay": True})) for k, v in weights.items()))
    save("good-attributes", OrderedDict((k, kit.with_attributes(*v)) for k, v in weights.items()))

    # Refused, or with a warning.
    data, shape = weights[first]
    save("twice", {**prefixed("model."), **prefixed("module.", [first])})
    save("two-dicts", {"model": plain, "state_dict": plain})
    save("other-key", {"epoch": 1, "generator": plain})
    save("other-prefix", prefixed("net."))
    save("missing", prefixed("model.", others))
    save("surplus", {**plain, "loss.weight": plain[first]})
    save("misshaped", changed(**{first: kit.tensor(data, [*shape[::-1]])}))
    save("enum", {"state_dict": plain, "colour": Colour.GREEN})
    save("whole", Net())
    save("whole-under-model", {"epoch": 1, "model": Net()}, 4)
    save("system", {"state_dict": plain, "run": Call(os.system, f"touch {folder}/ran")})
    save("system-4", {"state_dict": plain, "run": Call(os.system, f"touch {folder}/ran")}, 4)
    save("heads", {"state_dict": plain, "num_heads": decimal.Decimal(2)})
    save("list", [plain])
    if with_torch:
        import torch
        sparse = plain[others[0]].to_sparse()
        save("sparse", changed(**{others[0]: sparse}))
        save("quantised", changed(**{others[0]: torch.quantize_per_tensor(plain[others[0]], 0.1, 0, torch.qint8)}))
        save("complex", changed(**{others[0]: torch.zeros(2, dtype=torch.complex64)}))
    else:
        for name, function in (("sparse", "_rebuild_sparse_tensor"), ("quantised", "_rebuild_qtensor")):
            save(name, changed(**{others[0]: Call(stand_in("torch._utils", function), plain[others[0]])}))
        kit.float = class_of("torch", "ComplexFloatStorage")
        save("complex", changed(**{others[0]: kit.tensor(b"\0" * 8, [2])}))


main()
