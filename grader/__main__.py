from .cli import alone

alone()
