"""Conditional probability, counted off a table."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question

# Rain or none (rows) under cloud or none (columns). As in the lecture P(cloud) = 0.4, and 0.2 of it with rain.
WEATHER = np.array([[0.2, 0.1], [0.2, 0.5]])
RAIN, CLOUD = np.array([[True, True], [False, False]]), np.array([[True, False], [True, False]])


@question(p=5)
def conditional(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    """P(event | given) on a table of joint probabilities; event and given mark the cells that belong to them.

    joint (A, B) >= 0 that sums to 1, event (A, B) and given (A, B) bool; p (). ValueError where P(given) is 0.
    [CISC 7026, classification: probability review]"""
    condition = joint[given].sum()
    if condition == 0:
        raise ValueError("the condition has probability 0")
    return joint[event & given].sum() / condition


def table(rng: np.random.Generator, *shape: int) -> NDArray[Any]:
    weights = rng.uniform(0.2, 1, size=shape)
    return np.asarray(weights / weights.sum())


def marks(rng: np.random.Generator, *shape: int) -> NDArray[Any]:
    """About half of the cells."""
    return np.asarray(rng.permutation(int(np.prod(shape))) % 2 == 0).reshape(shape)


@conditional.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("rain, given cloud", joint=WEATHER, event=RAIN, given=CLOUD)
    yield Case("cloud, given rain", joint=WEATHER, event=CLOUD, given=RAIN)
    none = np.zeros((2, 2), dtype=bool)
    yield Case("given nothing that happens", raises=ValueError, joint=WEATHER, event=RAIN, given=none)
    joint, row = table(rng, 3, 4), np.arange(3) == rng.integers(3)
    given = (np.arange(4) % 2 == rng.integers(2)) & np.ones((3, 1), dtype=bool)
    yield Case("three by four", hidden=True, joint=joint, event=np.repeat(row[:, None], 4, axis=1), given=given)
    joint, event = table(rng, 4, 2), marks(rng, 4, 2)
    given = event.copy()
    given[tuple(np.argwhere(event)[0])] = False
    given[tuple(np.argwhere(~event)[0])] = True
    yield Case("scattered cells", hidden=True, joint=joint, event=event, given=given)
    event = marks(rng, 2, 5)
    yield Case("disjoint", hidden=True, joint=table(rng, 2, 5), event=event, given=~event)
    event = marks(rng, 5, 1)
    yield Case("event is the condition", hidden=True, joint=table(rng, 5, 1), event=event, given=event.copy())
    event = marks(rng, 1, 6)
    yield Case("given everything", hidden=True, joint=table(rng, 1, 6), event=event, given=np.ones((1, 6), dtype=bool))
    joint, event, given = table(rng, 3, 2).astype(np.float32), marks(rng, 3, 2), np.ones((3, 2), dtype=bool)
    given[1, :] = False
    yield Case("float32", hidden=True, joint=joint, event=event, given=given)
    joint = np.array([[0.5, 0.0], [0.5, 0.0]])
    yield Case("impossible cells", hidden=True, raises=ValueError, joint=joint, event=RAIN, given=~CLOUD)


@conditional.mistake("You know that it is cloudy. Are the days without cloud still in your count?")
def not_divided(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    return joint[event & given].sum()


@conditional.mistake("Which of the two do you know already? Divide by its probability.")
def divided_by_the_event(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    return joint[event & given].sum() / joint[event].sum()


@conditional.mistake("Does the cloud tell you nothing about the rain?")
def condition_ignored(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    return joint[event].sum()


@conditional.mistake("Rain and cloud, or rain or cloud?")
def union_for_intersection(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    return joint[event | given].sum() / joint[given].sum()


@conditional.mistake("Do all cells of the table weigh the same?")
def cells_counted(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    return (event & given).sum() / given.sum().to(joint.dtype)


@conditional.mistake("Rain by itself: is it divided by anything?")
def event_over_condition(joint: Tensor, event: Tensor, given: Tensor) -> Tensor:
    return joint[event].sum() / joint[given].sum()
