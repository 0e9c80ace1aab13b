"""The catalogue: for each attack of attacks/ what must come out, and what it wins where nothing defends.

`kinds` are those of the outcomes of the attacked function, all of them and no other; `says` is named in a message or
note of the report; all other functions keep their full points. `control` is what the same file does to naive.py:
wins (its answer counts as right), done (what it tries succeeds, but for `unproven`), down (it hangs, floods or ends
the run), says (its text reaches the reader), mark (a file of its lies outside) or, with a reason, none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.sandbox.worker.confine import Confinement

POINTS = {"scores": 2.0, "relu": 2.0, "softmax": 2.0, "half_square": 2.0, "center": 2.0}
NOTHING = dict.fromkeys(POINTS, 0.0)


@dataclass(frozen=True)
class Attack:
    """One file or folder of attacks/, named after its row."""

    name: str
    kinds: tuple[str, ...]
    says: str
    control: str
    judge: str = "local"
    target: str = "softmax"
    lost: Mapping[str, float] = field(default_factory=lambda: {"softmax": 0.0})  # the points of what is attacked
    unproven: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()  # what it may do, to itself alone
    before: tuple[str, ...] = ()  # functions that must be called first
    open: str = ""  # why it succeeds today; the test of it must fail until it is mended
    strict: bool = True  # whether it succeeds each time
    linger: float = 0.0  # seconds after the naive grader's verdict in which a mark may appear

    @property
    def row(self) -> str:
        return self.name.partition("_")[0]

    @property
    def points(self) -> dict[str, float]:
        return {**POINTS, **self.lost}


def answers(name: str, judge: str, control: str = "wins", says: str = "777", **more: object) -> Attack:
    """An attack that answers nonsense and wants it believed."""
    return Attack(name, ("wrong value",), says, control, judge, **more)  # type: ignore[arg-type]


def tries(name: str, *unproven: str, control: str = "done", says: str = "=refused", **more: object) -> Attack:
    """An attack that reaches out, and says how far it came."""
    return Attack(name, ("Exception",), says, control, unproven=unproven, **more)  # type: ignore[arg-type]


SECTION_S = [
    tries("S1_results_rewritten", control="wins"),
    answers("S2_numpy_agrees", "allclose"),
    answers("S3_math_agrees", "isclose"),
    answers("S4_test_tools_agree", "unittest"),
    answers("S5_code_replaced", "allclose"),
    Attack("S6_leaves_at_import", ("missing",), "raised SystemExit while the file was loaded", "wins"),
    Attack("S7_dies_at_import", ("crashed",), "exit code 0", "wins", lost=NOTHING),
    Attack("S7_dies_in_a_call", ("crashed",), "exit code 0", "wins"),
    Attack("S8_skips", ("Exception",), "SkipTest: 777", "wins"),
    Attack("S8_base_exceptions", ("KeyboardInterrupt", "GeneratorExit", "BaseException", "SystemExit"), "777", "down"),
    Attack("S9_agrees_with_everything", ("wrong type",), "no array and no number", "wins", "equal"),
    answers("S10_array_of_its_own", "allclose"),
    answers("S11_copies_what_it_meets", "difference"),
    Attack("S12_another_array_each_time", ("wrong type",), "no array and no number", "wins", "twice"),
    Attack("S12_wild_pointer", ("crashed",), "segmentation fault", "down", "twice"),
    Attack("S13_strange_types", ("wrong type",), "an array of Python objects", "wins", "greater"),
    Attack("S14_zeroes_its_input", ("input modified",), "changed its input z in place", "wins", "reference after"),
    answers("S15_changes_it_later", "late"),
    Attack("S16_not_a_number", ("not finite",), "nan", "wins", "greater"),
    Attack("S17_masked", ("wrong type",), "a masked array", "wins", "greater"),
    Attack("S18_empty", ("wrong shape",), "has shape (0, 1)", "wins", "greater"),
    Attack(
        "S19_constant_forward", ("wrong value",), "777", "wins", "slope", "half_square", {"half_square": 0.0}
    ),
    Attack(
        "S20_another_function", ("wrong value",), "is wrong", "wins", "slope", "half_square", {"half_square": 0.0}
    ),
    answers("S21_random_is_zero", "local", says="is wrong"),
    answers("S22_callers_frames", "local"),
    answers("S23_constants_of_the_test", "constants"),
    answers("S24_edits_the_verdict", "local"),
    answers("S25_tolerance_in_memory", "difference"),
    answers("S26_freed_memory", "stale", says="is wrong"),
    answers("S27_stub_for_the_reference", "module"),
    answers("S28_patches_again", "restored"),
    answers("S29_conftest", "pytest"),
    answers("S30_shadows", "module"),
    tries("S31_without_asserts", control="wins"),
    tries("S32_another_grader", control="wins"),
    answers("S33_own_tests", "pytest"),
    Attack("S35_cancels_the_alarm", ("time limit",), "no answer within the time limit", "down"),
    Attack("S36_known_inputs", ("wrong value", ""), "777", "wins", "known", lost={"softmax": 0.5}),
    Attack("S37_first_call", ("wrong value", ""), "777", "wins", lost={"softmax": 0.5}),
    Attack("S37_four_calls", ("state kept between calls", ""), "not when the same call is made again", "wins", "four",
           lost={"softmax": 1.5}),
    answers("S37_when_tested", "local"),
    tries("S38_forbidden_library"),
]  # fmt: skip

SECTION_C = [
    answers("C1_says_all_passed", "local"),
    Attack("C2_blind_frames", ("unreadable answer",), "an answer to another request", "NOT RUN: no wire there"),
    Attack(
        "C2_true_tags", ("wrong value", "crashed"), "777", "NOT RUN: no wire there",
    ),
    answers("C3_serialisers_hijacked", "local"),
    Attack("C4_pickle", ("wrong type", "Exception"), "777", "mark", "pickle"),
    Attack("C5_message_loops", ("time limit",), "no answer within the time limit", "down"),
    Attack("C5_message_exits", ("crashed",), "exit code 77", "down"),
    Attack("C5_endless_words", ("ValueError", "Exception"), "777", "down"),
    Attack(
        "C6_endless_answers", ("wrong shape", "memory limit", "wrong type"), "nested too deeply",
        "NOT RUN: it would take the machine's memory",
    ),
    Attack("C6_endless_generator", ("time limit",), "no answer within the time limit", "down"),
    Attack("C7_lying_headers", ("unreadable answer",), "could not be read", "NOT RUN: no wire there"),
    tries("C8_reads_ahead"),
    Attack("C9_other_types", ("wrong type", "wrong value"), "complex numbers", "wins", "loose"),
    tries("C10_link_for_the_result", control="mark"),
]  # fmt: skip

SECTION_T = [
    tries("T1_reads_the_answers"),
    tries("T2_imports_the_reference"),
    answers("T3_searches_memory", "local"),
    tries("T4_reads_proc", "mem"),
    tries("T5_environment", says="environment=no"),
    tries("T6_reads_a_neighbour"),
    tries("T7_sends_it_away"),
    Attack("T8_tells_its_inputs", ("Exception", "ValueError", "wrong shape", "wrong type"), "told_", "says"),
    Attack(
        "T8_tells_it_elsewhere",
        ("ValueError",),
        "told_",
        "says",
        target="half_square",
        lost={"half_square": 0.0, "center": 0.0},
        before=("softmax",),
    ),
    tries("T9_prints_its_callers", says="frames=no"),
    tries("T11_private_files"),
    tries("T12_leftovers", "cores"),
]

SECTION_R = [
    Attack("R1_loops", ("time limit",), "no answer within the time limit", "down"),
    Attack("R2_loops_in_c", ("time limit",), "no answer within the time limit", "down"),
    tries("R3_forks"),
    Attack("R4_threads", ("Exception",), "threads=refused", "done"),
    Attack(
        "R4_small_stacks",
        ("Exception",),
        "threads=refused",
        "done",
        open="" if "threads" in Confinement.__dataclass_fields__ else "nothing limits the number of threads",
    ),
    Attack("R5_touches_memory", ("memory limit",), "Memory", "NOT RUN: it would take the machine's memory"),
    tries("R5_maps_memory"),
    tries("R6_fills_the_disk"),
    Attack("R7_floods_the_log", ("",), "", "down", lost={}),
    Attack("R8_overflows_the_stack", ("crashed",), "segmentation fault", "down"),
    Attack(
        "R8_ends_later",
        ("",),
        "",
        "down",
        target="half_square",
        lost={},
        before=("softmax",),
    ),
    Attack("R8_segfault", ("crashed",), "segmentation fault", "down"),
    Attack("R9_stops_itself", ("time limit",), "no answer within the time limit", "down"),
    tries("R9_stops_others", "group"),
    tries("R10_daemon", control="mark", linger=1.5),
    tries("R11_child_holds_the_pipe", control="down"),
    Attack("R12_never_ends", ("",), "", "down", lost={}),
    tries("R13_takes_everything"),
    Attack("R14_slowly", ("wrong value", "time limit"), "no answer within the time limit", "down", "four"),
    tries("R15_waits_for_input", control="down"),
    tries("R16_takes_all_processors", says="OPENBLAS_NUM_THREADS=1"),
]

SECTION_E = [
    tries("E1_reaches_other_processes"),
    tries("E2_writes_everywhere"),
    tries("E3_kernel_doors", "perf", "bpf", "mount", "userfault", "keyctl", "io_uring", "fsopen"),
    tries("E4_local_services"),
    tries("E5_types_into_the_terminal", "stdin", "stderr"),
    tries("E6_control_groups", "release"),
    Attack("E13_utf7", ("SyntaxError",), "the encoding 'utf-7' is not taken", "mark", lost=NOTHING),
]

SECTION_X = [
    Attack("F1_text_for_every_sink", ("ValueError",), "777", "says"),
    tries("X1_state_plants", harmless=("memory", "modes")),
    tries("X1_state_probes", control="pair"),
    tries("X3_code_for_the_next_start"),
    tries("X4_poisons_a_cache"),
    tries("X7_edits_the_results"),
    tries("X8_edits_later", control="mark", linger=0.5, harmless=("thread",)),
]

ATTACKS = [*SECTION_S, *SECTION_C, *SECTION_T, *SECTION_R, *SECTION_E, *SECTION_X]
BY_NAME = {attack.name: attack for attack in ATTACKS}
