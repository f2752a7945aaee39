"""From a folder to a model in memory: safetensors only, nothing fetched, no code of the folder's own run."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lingting.domain.errors import ModelCorrupt, ModelMissing, SettingsInvalid
from lingting.engines.hf_transformers.settings import TransformersSettings

__all__ = ["Loaded", "load", "read_json"]

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
MAX_JSON_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model where it will compute."""

    torch: Any  # the module; it may not be imported elsewhere
    model: Any  # torch.nn.Module
    device: Any  # torch.device
    dtype: Any  # torch.dtype


def read_json(folder: Path, name: str, *, is_needed: bool = True) -> dict[str, Any]:  # Any: JSON
    """The object in one of the model's files; empty where it is not there and not needed.

    raises    ModelMissing, ModelCorrupt
    """
    path = folder / name
    if not path.is_file():
        if is_needed:
            raise ModelMissing(f"{folder.name} has no {name}; pull the model again")
        return {}
    try:
        with path.open("rb") as file:
            said = json.loads(file.read(MAX_JSON_BYTES))  # what is cut off is no JSON
    except (OSError, ValueError, RecursionError) as problem:
        raise ModelCorrupt(f"{folder.name}: {name} cannot be read; pull the model again") from problem
    if not isinstance(said, dict):
        raise ModelCorrupt(f"{folder.name}: {name} holds no object; pull the model again")
    return said


def load(folder: Path, class_name: str, settings: TransformersSettings) -> Loaded:
    """Load one of the library's own classes; what the folder says of classes of its own is not looked at.

    raises    ModelMissing, ModelCorrupt, SettingsInvalid
    """
    if not any((folder / name).is_file() for name in WEIGHTS):
        raise ModelMissing(
            f"{folder.name} has no model.safetensors; other forms of weights can hold code, and are not loaded"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the libraries mean to change; there is nothing to do about it here
        import torch
        import transformers

        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        device = _device(torch, settings)
        dtype = _dtype(torch, settings, device)
        if settings.threads:
            torch.set_num_threads(settings.threads)
        try:
            model = getattr(transformers, class_name).from_pretrained(
                folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=dtype
            )
            model = model.eval().requires_grad_(False).to(device)  # noqa: FBT003  torch's own signature
        except Exception as problem:
            raise ModelCorrupt(
                f"the weights in {folder.name} cannot be loaded ({type(problem).__name__}); verify or pull the model"
            ) from problem
    return Loaded(torch, model, device, dtype)


def _device(torch: Any, settings: TransformersSettings) -> Any:
    count = torch.cuda.device_count() if settings.device != "cpu" else 0
    if settings.device == "cpu" or (settings.device == "auto" and not count):
        return torch.device("cpu")
    if settings.device_index >= count:
        raise SettingsInvalid(f"device_index: {settings.device_index}, and there are {count} GPUs here", param="device")
    return torch.device("cuda", settings.device_index)


def _dtype(torch: Any, settings: TransformersSettings, device: Any) -> Any:
    if settings.dtype == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    return getattr(torch, settings.dtype)
