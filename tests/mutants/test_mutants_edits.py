"""Which edits are made of a function, and which of its parts are left alone."""

from __future__ import annotations

import ast
import textwrap

import pytest

from grader.mutants.detach import HELPER, detachments
from grader.mutants.edits import Edit, applied, edits
from grader.mutants.label import label
from grader.mutants.scope import Scope

SCOPE = Scope(libraries=frozenset({"torch", "F"}), authors=frozenset({"x", "a", "b", "helper"}))


def tree_of(body: str) -> ast.FunctionDef:
    text = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    tree = ast.parse(f"def f(x, a, b):\n{text}\n").body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def results(body: str, scope: Scope = SCOPE) -> dict[str, list[str]]:
    """What each kind of edit makes of a body, on one line."""
    tree, found = tree_of(body), dict[str, list[str]]()
    for edit in edits(tree, scope):
        changed = applied(tree, edit)
        assert isinstance(changed, ast.FunctionDef)
        found.setdefault(edit.kind, []).append("; ".join(ast.unparse(s).replace("\n", " ") for s in changed.body))
    return found


def of(expression: str) -> dict[str, list[str]]:
    """The edits of one expression, without its `return`."""
    made = results("return " + expression)
    return {kind: [text.removeprefix("return ") for text in texts] for kind, texts in made.items()}


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("a + b", {"operator": ["a - b"], "dropped operand": ["a", "b"]}),
        ("a - b", {"operator": ["a + b"], "dropped operand": ["a"]}),
        ("a * b", {"operator": ["a / b"], "dropped operand": ["a", "b"]}),
        ("a / b", {"operator": ["a * b"], "dropped operand": ["a"]}),
        ("a @ b", {}),
        ("a & b", {"dropped operand": ["a", "b"]}),
        ("a ** 2", {"constant": ["a ** 1", "a ** 3"]}),
        ("a ** b", {"dropped operand": ["a"]}),
        ("-a", {"sign dropped": ["a"]}),
        ("not a", {"condition": ["a"]}),
        ("a > b", {"comparison": ["a >= b"]}),
        ("a >= b", {"comparison": ["a > b"]}),
        ("a < b", {"comparison": ["a <= b"]}),
        ("a <= b", {"comparison": ["a < b"]}),
        ("a == b", {"comparison": ["a != b"]}),
        ("a != b", {"comparison": ["a == b"]}),
        ("a < x < b", {"comparison": ["a <= x < b", "a < x <= b"]}),
        ("a and b", {"condition": ["a or b"]}),
        ("0", {"constant": ["1"]}),
        ("1", {"constant": ["0", "2"]}),
        ("2", {"constant": ["1", "3"]}),
        ("7", {"constant": ["8"]}),
        ("0.5", {"constant": ["1.5"]}),
        ("1e-05", {"constant": ["0.0", "0.0001"]}),
        ("x.sum()", {"reduction": ["x.mean()"]}),
        ("torch.mean(x)", {"reduction": ["torch.sum(x)"]}),
        ("x.amax(dim=1, keepdim=True)", {
            "reduction": ["x.amin(dim=1, keepdim=True)"],
            "axis": ["x.amax(dim=0, keepdim=True)"],
        }),
        ("x.argmax(1)", {
            "reduction": ["x.argmin(1)"],
            "ties": ["__naive__.argmax(x, 1)"],
            "axis": ["x.argmax(0)"],
        }),
        ("torch.max(x, 1)", {"reduction": ["torch.min(x, 1)"], "axis": ["torch.max(x, 0)"]}),
        ("x.logsumexp(0)", {
            "reduction": ["x.amax(0)"],
            "unstable": ["__naive__.logsumexp(x, 0)"],
            "axis": ["x.logsumexp(1)"],
        }),
        ("x.prod(-1)", {"axis": ["x.prod(0)"]}),
        ("x.mean((0, 2))", {"reduction": ["x.sum((0, 2))"], "axis": ["x.mean((2,))", "x.mean((0,))"]}),
        ("torch.cat([a, b], 1)", {"axis": ["torch.cat([a, b], 0)"]}),
        ("x.var(0, unbiased=False)", {
            "reduction": ["x.std(0, unbiased=False)"],
            "axis": ["x.var(1, unbiased=False)"],
            "constant": ["x.var(0, unbiased=True)"],
        }),
        ("torch.relu(x)", {"function dropped": ["x"]}),
        ("x.sqrt()", {"function dropped": ["x"]}),
        ("F.log_softmax(x, dim=1)", {
            "unstable": ["__naive__.log_softmax(x, dim=1)"],
            "function dropped": ["x"],
            "axis": ["F.log_softmax(x, dim=0)"],
        }),
        ("x.clamp(min=0)", {"function dropped": ["x"], "constant": ["x.clamp(min=1)"]}),
        ("torch.maximum(a, b)", {"reduction": ["torch.minimum(a, b)"], "function dropped": ["a", "b"]}),
        ("max(a, b)", {"reduction": ["min(a, b)"], "function dropped": ["a", "b"]}),
        ("torch.where(x, a, b)", {"function dropped": ["a", "b"]}),
        ("x.T", {"transpose dropped": ["x"]}),
        ("x.transpose(1, 2)", {"transpose dropped": ["x"]}),
        ("helper(a, b)", {}),
        ("Terms(one=a, two=b)", {"term dropped": ["Terms(one=0 * a, two=b)", "Terms(one=a, two=0 * b)"]}),
        ("F.nll_loss(a, b, reduction='sum')", {"reduction": ["F.nll_loss(a, b, reduction='mean')"]}),
    ],
)  # fmt: skip
def test_the_edits_of_an_expression(expression: str, wanted: dict[str, list[str]]) -> None:
    assert of(expression) == wanted


@pytest.mark.parametrize(
    "body",
    [
        '"""A docstring: 1 + 1."""',
        'raise ValueError("1" + str(a + 1))',
        "assert a > 1, 1",
        'return f"{a + 1}"',
        "return x[a + 1]",
        "return x[:, None]",
        "return x.shape[1:]",
        "return torch.zeros(a, device=b + 1, dtype=helper(1))",
        "return x.gather(1, a)",
        "return x.reshape(-1, 2)",
        "return torch.zeros((2, 3), dtype=a)",
        "y: helper(1 + 1)",
        "for i in range(1, a + 1): helper(i)",
        "while a < b: pass",
    ],
)
def test_what_is_left_alone(body: str) -> None:
    assert results(body) == {}


def test_statements() -> None:
    made = results("x = helper(x)\nx += a\nx.clamp_(a)\nreturn x")
    assert made["statement dropped"] == [
        "pass; x += a; x.clamp_(a); return x",
        "x = helper(x); pass; x.clamp_(a); return x",
        "x = helper(x); x += a; pass; return x",
    ]
    assert made["assignment"] == ["x = helper(x); x = a; x.clamp_(a); return x"]
    assert made["operator"] == ["x = helper(x); x -= a; x.clamp_(a); return x"]
    assert results("x[a] += b")["assignment"] == ["x[a] = b"]


def test_conditions_of_if() -> None:
    assert results("if a > b:\n    return a")["comparison"] == ["if a >= b:     return a"]
    assert results("if a:\n    return b")["condition"] == ["if not a:     return b"]
    assert results("return a if x else b")["condition"] == ["return a if not x else b"]


def test_nothing_that_ends_a_loop_is_edited() -> None:
    body = """
    while i < a:
        i += 1
        x = x * 3
    while True:
        if helper(n) > 1:
            break
        n = n + 1
    """
    for texts in results(body).values():
        for text in texts:
            assert "while i < a:     i += 1" in text
            assert "while True:     if helper(n) > 1:         break     n = n + 1" in text
    assert results(body)["constant"]  # of x * 3


def blocked(body: str, plain: set[str]) -> list[str]:
    tree = tree_of(body)
    scope = Scope(SCOPE.libraries, SCOPE.authors, plain=frozenset({"torch", *plain}))
    found = []
    for edit in detachments(tree, scope):
        text = ast.unparse(applied(tree, edit))
        assert HELPER in text
        found.append(ast.unparse(edit.old))
    return found


def test_detach_stands_on_assigned_values_operands_arguments_and_receivers() -> None:
    assert blocked("m = x.mean(0)\nreturn (x - m) / a", {"b"}) == ["x.mean(0)", "x - m", "x", "m", "a"]


def test_detach_is_not_put_on_what_carries_no_gradient() -> None:
    assert blocked("return x + len(a) + a.shape[0] + 1 - torch.arange(3)", set()) == [
        "x + len(a) + a.shape[0] + 1",
    ]
    assert blocked("return a * b", {"a", "b"}) == []
    assert blocked("return x[x > 1] * a", {"a"}) == ["x[x > 1]"]


def test_of_a_chain_only_the_outermost_is_blocked() -> None:
    assert blocked("return torch.relu(-helper(x, a)).sum(1).mean()", {"a"}) == ["torch.relu(-helper(x, a)).sum(1)"]


def edit_of(body: str, kind: str) -> tuple[ast.FunctionDef, Edit]:
    tree = tree_of(body)
    scope = Scope(SCOPE.libraries, SCOPE.authors, plain=frozenset({"torch"}))
    return tree, next(e for e in [*edits(tree, SCOPE), *detachments(tree, scope)] if e.kind == kind)


@pytest.mark.parametrize(
    ("body", "kind", "wanted"),
    [
        ("return a - b + 1", "constant", "a - b + 1  ->  a - b + 0"),
        ("return x @ a.T", "transpose dropped", "x @ a.T  ->  x @ a"),
        ("x += a", "statement dropped", "x += a  ->  (deleted)"),
        ("x += a", "assignment", "x += a  ->  x = a"),
        ("return (a + b).sum(0)", "detach", "a + b  ->  (a + b).detach()"),
        (
            "return torch.cat([x, torch.ones_like(x[:, :1]), torch.zeros_like(x[:, :2])], dim=1)",
            "axis",
            "torch.cat(…, dim=1)  ->  torch.cat(…, dim=0)",
        ),
        (
            "return -torch.log_softmax(x, 1).gather(1, a[:, None]).mean()",
            "reduction",
            "….mean()  ->  ….sum()",
        ),
        ("return -torch.log_softmax(x, 1).gather(1, a[:, None]).mean()", "sign dropped", "-….mean(…)  ->  ….mean(…)"),
        (
            "return (x - x.gather(1, a[:, None, None]) + 1) * b",
            "operator",
            "(x - x.gather(…) + 1) * b  ->  (x - x.gather(…) + 1) / b",
        ),
    ],
)  # fmt: skip
def test_labels(body: str, kind: str, wanted: str) -> None:
    assert label(*edit_of(body, kind)) == wanted


def test_a_long_label_shows_the_place_that_differs() -> None:
    tree = tree_of("return " + " + ".join(f"{name}_with_a_long_name" for name in "abcdefgh"))
    found = [label(tree, edit) for edit in edits(tree, SCOPE)]
    assert len(found) == 7 * 3
    for text in found:
        old, new = text.split("  ->  ")
        assert len(text) <= 70 and old != new


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("a[1:]", ["a"]),
        ("a[:-1]", ["a"]),
        ("a[::2]", ["a"]),
        ("a[:, 1:]", ["a"]),
        ("a[1:, 2:]", ["a[:, 2:]", "a[1:, :]"]),
        ("a[0, 1:]", ["a[0, :]"]),
        ("a[:, 1:, None]", ["a[:, :, None]"]),
        ("a[:]", None),
        ("a[0]", None),
    ],
)
def test_slices_are_dropped(expression: str, wanted: list[str] | None) -> None:
    assert of(expression).get("slice dropped") == wanted


def test_what_is_written_to_keeps_its_slice() -> None:
    assert "slice dropped" not in results("x[1:] = a\nx[1:] += a")


@pytest.mark.parametrize(
    ("body", "kind", "wanted"),
    [
        ("return x.log_softmax(1)", "unstable", "x.log_softmax(1)  ->  naive.log_softmax(x, 1)"),
        ("return F.softplus(a + b)", "unstable", "F.softplus(a + b)  ->  naive.softplus(a + b)"),
        ("return x.argmin()", "ties", "x.argmin()  ->  last.argmin(x)"),
        ("return torch.argmax(x, dim=1)", "ties", "torch.argmax(x, dim=1)  ->  last.argmax(x, dim=1)"),
    ],
)
def test_labels_of_stand_ins(body: str, kind: str, wanted: str) -> None:
    tree = tree_of(body)
    assert [label(tree, edit) for edit in edits(tree, SCOPE) if edit.kind == kind] == [wanted]


def test_a_function_of_the_authors_has_no_stand_in() -> None:
    scope = Scope(libraries=frozenset({"torch"}), authors=frozenset({"x", "a", "cross_entropy"}))
    assert "unstable" not in results("return cross_entropy(x, a)", scope)
