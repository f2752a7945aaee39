"""The cheapest way through a table of costs, from the first token and step to the last. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["likeliest_path"]

BOTH, TOKEN, STEP = 0, 1, 2


def likeliest_path(costs: NDArray[np.floating]) -> tuple[tuple[int, int], ...]:
    """Pairs of token and step, both never falling, that cost least together.

    costs     shape (tokens, steps)
    source    Sakoe and Chiba, dynamic time warping (1978)
    """
    tokens, steps = costs.shape
    table = np.nan_to_num(costs.astype(np.float64)).tolist()
    above = [0.0] + [np.inf] * steps
    came: list[list[int]] = []
    for row in table:
        here, turns, left = [np.inf], [], np.inf
        for step, cost in enumerate(row):
            both, token = above[step], above[step + 1]
            turn = BOTH if both < token and both < left else (TOKEN if token < both and token < left else STEP)
            left = cost + (both, token, left)[turn]
            here.append(left)
            turns.append(turn)
        above = here
        came.append(turns)
    token, step = tokens - 1, steps - 1
    path = [(token, step)]
    while token > 0 or step > 0:
        turn = STEP if token == 0 else (TOKEN if step == 0 else came[token][step])
        token, step = token - (turn != STEP), step - (turn != TOKEN)
        path.append((token, step))
    return tuple(reversed(path))
