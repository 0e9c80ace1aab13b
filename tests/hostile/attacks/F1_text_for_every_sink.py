"""Messages that a page, a table, a terminal or a reader would take for something else."""
from honest import center, half_square, relu, scores

TEXTS = [
    "<script>alert(777)</script><img src=x onerror=alert(777)>",
    "\x1b]0;777\x07\x1b[2J\x1b[31m777\x9b31m",
    "777 \u202egnp.exe\u2066 \u200f \x00 \ud800 \u2028 [x](javascript:alert(1)) `|x|`",
    "=HYPERLINK(\"http://777\")\r\n+1+1\r@SUM(1)\t-2",
]


def softmax(z):
    raise ValueError(TEXTS.pop(0))
