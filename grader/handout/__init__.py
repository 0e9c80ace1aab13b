"""What students get beside the stub: a notebook made from the same stub and README, and the grader's own wheel."""

from .notebook import made_notebook, notebook_name
from .wheel import checked_wheel

__all__ = ["checked_wheel", "made_notebook", "notebook_name"]
